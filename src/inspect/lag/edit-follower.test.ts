import { beforeEach, describe, expect, it } from 'vitest';
import type { KnownCounts } from '../../engine/known-counts.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createEditFollower, maxFollowed, type EditFollower, type RelayPromise } from './edit-follower.ts';

let clock: FakeClock;
let relays: readonly RelayPromise[];
let canSave: boolean;
let samples: string[];
let follower: EditFollower;

beforeEach(() => {
  clock = createFakeClock(1_000);
  relays = [{ id: 'eu', isDurable: true }];
  canSave = true;
  samples = [];
  follower = createEditFollower({
    relays: () => relays,
    canSave: () => canSave,
    priorityOf: (id) => (id === 'group' ? 'high' : 'medium'),
    onSample: ({ place, measure, priority, tookMs }) =>
      samples.push(`${measure}@${place} ${priority} ${tookMs}`),
  });
});

const made = (id: string, need: KnownCounts) => follower.noteStep(clock.nowMs(), 'made', id, need);
const reached = (
  rung: 'saved' | 'sent' | 'confirmed',
  id: string,
  counts: KnownCounts,
  relayID: string | undefined = rung === 'saved' ? undefined : 'eu',
) => follower.noteStep(clock.nowMs(), rung, id, counts, relayID);
const taken = () => samples.splice(0);

describe('an edit', () => {
  it('gives one sample per rung, timed from the call that made it', () => {
    made('map', { header: 1 });
    clock.advance(4);
    reached('saved', 'map', { header: 1 });
    clock.advance(6);
    reached('sent', 'map', { header: 1 });
    clock.advance(90);
    reached('confirmed', 'map', { header: 1 });
    const all = ['saved@all medium 4', 'sent@all medium 10', 'confirmed@all medium 100'];
    expect(taken()).toEqual([...all, 'durable@all medium 100', 'answered@all medium 90']);
    for (const rung of ['saved', 'sent', 'confirmed'] as const) reached(rung, 'map', { header: 1 });
    expect(taken()).toEqual([]);
  });

  it('reaches a rung only with everything it needs', () => {
    made('map', { header: 1, s: 2 });
    reached('confirmed', 'map', { header: 1, s: 1 });
    reached('confirmed', 'other', { header: 1, s: 2 });
    expect(taken()).toEqual([]);
    made('map', { s: 3 });
    clock.advance(5);
    reached('saved', 'map', { header: 1, s: 3 });
    expect(taken()).toEqual(['saved@all medium 5', 'saved@all medium 5']);
  });

  it('is timed separately from other edits of its CoValue, however close', () => {
    made('group', { s: 1 });
    clock.advance(10);
    made('group', { s: 2 });
    clock.advance(10);
    reached('confirmed', 'group', { s: 1 });
    clock.advance(10);
    reached('confirmed', 'group', { s: 2 });
    expect(taken().filter((sample) => sample.startsWith('confirmed'))).toEqual([
      'confirmed@all high 20',
      'confirmed@all high 20',
    ]);
  });

  it('that is confirmed before it is seen as sent counts as sent then, without an answer time', () => {
    made('map', { s: 1 });
    clock.advance(3);
    reached('confirmed', 'map', { s: 1 });
    expect(taken()).toEqual(['sent@all medium 3', 'confirmed@all medium 3', 'durable@all medium 3']);
  });

  it('whose creation was not seen gives no sample', () => {
    reached('saved', 'map', { s: 1 });
    reached('confirmed', 'map', { s: 1 });
    expect(taken()).toEqual([]);
  });

  it('has no durability sample without the promise', () => {
    relays = [{ id: 'eu', isDurable: false }];
    made('map', { s: 1 });
    reached('confirmed', 'map', { s: 1 });
    expect(taken()).toEqual(['sent@all medium 0', 'confirmed@all medium 0']);
  });

  it('ended by a deletion gives no sample, and frees its place', () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 1; n <= maxFollowed; n++) made('map', { s: n });
      follower.noteStep(clock.nowMs(), 'ended', 'map', {});
    }
    reached('confirmed', 'map', { s: maxFollowed });
    reached('saved', 'map', { s: maxFollowed });
    expect(taken()).toEqual([]);
    expect(follower.leftOut.tooMany).toBe(0);
  });
});

describe('a connection that is lost', () => {
  it('gives no second sent sample, and times the answer from the last send', () => {
    made('map', { s: 1 });
    clock.advance(10);
    reached('sent', 'map', { s: 1 });
    clock.advance(1_000);
    follower.connectionLost('eu');
    clock.advance(1_000);
    reached('sent', 'map', { s: 1 });
    clock.advance(30);
    // Sending a later edit covers this one, but does not count as sending it again.
    reached('sent', 'map', { s: 2 });
    reached('confirmed', 'map', { s: 1 });
    expect(taken()).toEqual([
      'sent@all medium 10',
      'confirmed@all medium 2040',
      'durable@all medium 2040',
      'answered@all medium 30',
    ]);
  });

  it('has no answer time for an edit that the relay received anyway', () => {
    made('map', { s: 1 });
    reached('sent', 'map', { s: 1 });
    follower.connectionLost('eu');
    reached('confirmed', 'map', { s: 1 });
    expect(taken().some((sample) => sample.startsWith('answered'))).toBe(false);
  });
});

describe('several relays', () => {
  beforeEach(() => {
    relays = [
      { id: 'eu', isDurable: true },
      { id: 'us', isDurable: true },
    ];
    made('map', { s: 1 });
    clock.advance(10);
  });

  it('each have their own times, and together the slowest one’s', () => {
    reached('sent', 'map', { s: 1 }, 'eu');
    reached('confirmed', 'map', { s: 1 }, 'eu');
    expect(taken()).toEqual([
      'sent@eu medium 10',
      'confirmed@eu medium 10',
      'durable@eu medium 10',
      'answered@eu medium 0',
    ]);
    clock.advance(10);
    reached('sent', 'map', { s: 1 }, 'us');
    expect(taken()).toEqual(['sent@us medium 20', 'sent@all medium 20']);
    clock.advance(10);
    reached('confirmed', 'map', { s: 1 }, 'us');
    expect(taken()).toEqual([
      'confirmed@us medium 30',
      'durable@us medium 30',
      'answered@us medium 10',
      'confirmed@all medium 30',
      'durable@all medium 30',
      'answered@all medium 10',
    ]);
  });

  it('are durable together only if each promises it', () => {
    relays = [
      { id: 'eu', isDurable: true },
      { id: 'us', isDurable: false },
    ];
    reached('confirmed', 'map', { s: 1 }, 'eu');
    reached('confirmed', 'map', { s: 1 }, 'us');
    expect(taken().filter((sample) => sample.startsWith('durable'))).toEqual(['durable@eu medium 10']);
  });
});

describe('what is left out', () => {
  it('counts edits beyond the maximum followed', () => {
    for (let n = 1; n <= maxFollowed + 3; n++) made('map', { s: n });
    expect(follower.leftOut.tooMany).toBe(3);
    reached('saved', 'map', { s: maxFollowed + 3 });
    expect(taken()).toHaveLength(maxFollowed);
    // A further edit is still timed until it is saved on this device.
    made('map', { s: maxFollowed + 4 });
    reached('saved', 'map', { s: maxFollowed + 4 });
    expect(taken()).toEqual(['saved@all medium 0']);
    expect(follower.leftOut.tooMany).toBe(4);
  });

  it('counts edits in progress when the clock is set back, once each', () => {
    made('map', { s: 1 });
    made('map', { s: 2 });
    const before = clock.nowMs() - 500;
    follower.noteStep(before, 'made', 'map', { s: 3 });
    follower.noteStep(before + 20, 'confirmed', 'map', { s: 3 }, 'eu');
    expect(taken().filter((sample) => sample.startsWith('confirmed'))).toEqual(['confirmed@all medium 20']);
    expect(follower.leftOut).toEqual({ tooMany: 0, clock: 2 });
  });

  it('is nothing if this device stores nothing', () => {
    canSave = false;
    for (let n = 1; n <= maxFollowed; n++) made('map', { s: n });
    reached('confirmed', 'map', { s: maxFollowed });
    made('map', { s: maxFollowed + 1 });
    expect(follower.leftOut.tooMany).toBe(0);
  });
});
