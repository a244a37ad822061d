import { describe, expect, it } from 'vitest';
import type { RelayStory, StoryEvent } from '../../src/inspect/unsynced/timeline.ts';
import { timelineOf } from './timeline-of.ts';

const sinceMs = 1_700_000_000_000;
const event = (kind: StoryEvent['kind'], afterMs: number, refusal?: string): StoryEvent => ({
  ...{ kind, atMs: sinceMs + afterMs, message: 1 },
  ...(refusal !== undefined && { refusal }),
});
const lineOf = (relay: Partial<RelayStory>, elapsedMs: number, widthPx = 400) =>
  timelineOf(
    { id: 'co_z1', sinceMs, relays: [{ host: 'eu', isMissing: true, events: [], ...relay }] },
    sinceMs + elapsedMs,
    widthPx,
  );
function laneOf(relay: Partial<RelayStory>, elapsedMs: number) {
  const [lane] = lineOf(relay, elapsedMs).lanes;
  return lane && { ...lane, words: lane.entries.map(({ words }) => words).join(', ') };
}

describe('the timeline', () => {
  it('places events on a logarithmic axis', () => {
    const events = [event('sent', 10), event('confirmed', 100)];
    const lane = laneOf({ isMissing: false, events }, 5_000);
    expect(lane?.marks.map(({ state, at }) => [state, at])).toEqual([
      ['reached', 0.25],
      ['reached', 0.5],
    ]);
    expect(lane).toMatchObject({ end: 0.5, words: 'sent 10 ms, confirmed 100 ms', tone: 'plain' });
    expect(lane?.tail).toBeUndefined();
  });

  it('extends to the present while an edit is pending, and warns if that takes too long', () => {
    const events = [event('sent', 10)];
    expect(laneOf({ events }, 1_000)).toMatchObject({
      ...{ end: 0.75, tail: 'waiting', words: 'sent 10 ms, 1 s so far', tone: 'plain' },
    });
    expect(laneOf({ events }, 5_001)).toMatchObject({ tail: 'stuck', tone: 'warn' });
    expect(laneOf({}, 6_000)).toMatchObject({ tail: 'stuck', words: 'nothing sent yet, 6 s so far' });
  });

  it('ends at a refusal, which is final', () => {
    const events = [event('sent', 10), event('sent', 50), event('refused', 100, 'forbidden')];
    const lane = laneOf({ events }, 9_000);
    expect(lane).toMatchObject({ end: 0.5, tone: 'fail', words: 'sent 50 ms, refused (forbidden) 100 ms' });
    expect(lane?.marks.map(({ state }) => state)).toEqual(['reached', 'reached', 'failed']);
    expect(lane?.tail).toBeUndefined();
  });

  it('spaces its labels at every length and always labels the end', () => {
    for (const elapsedMs of [0, 10_000, 10_001, 59_000, 3_000_000, 8_640_000_000]) {
      const { ticks, lanes } = lineOf({}, elapsedMs);
      expect(ticks.length).toBeGreaterThan(3);
      for (const [index, { at }] of ticks.entries()) {
        expect(at - (ticks[index - 1]?.at ?? -1)).toBeGreaterThanOrEqual(0.15);
      }
      expect(lanes[0]?.end).toBeLessThanOrEqual(1);
    }
    expect(lineOf({}, 0).ticks.map(({ words }) => words)).toEqual(['1 ms', '10 ms', '100 ms', '1 s', '10 s']);
  });

  it('leaves out labels that would collide on a narrow axis', () => {
    const wordsAt = (widthPx: number) => lineOf({}, 0, widthPx).ticks.map(({ words }) => words);
    expect(wordsAt(180)).toEqual(['1 ms', '100 ms', '10 s']);
    expect(wordsAt(100)).toEqual(['10 ms', '10 s']);
  });

  it('treats a clock set back as no elapsed time', () => {
    expect(laneOf({ events: [event('sent', -500)] }, -1_000)).toMatchObject({ end: 0, marks: [{ at: 0 }] });
  });
});
