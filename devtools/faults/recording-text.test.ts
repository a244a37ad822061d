import { describe, expect, it, test } from 'vitest';
import type { StateDifference, ReplayResult } from '../../src/inspect/snapshot/recording-facts.ts';
import { describeRecording, describeReplay, recordingName } from './recording-text.ts';

const running = { sinceMs: 0, messages: 412, bytes: 1_240_000, maxBytes: 16_000_000 };

test('describes the size of a recording, and why it stopped', () => {
  expect(describeRecording(running, 46_000)).toBe('412 messages, 1.2 MB of 16 MB · 46 s');
  expect(describeRecording({ ...running, endedAtMs: 9_000, why: 'closed' }, 46_000)).toMatch(/· 9 s$/);
  expect(describeRecording({ ...running, endedAtMs: 9_000, why: 'full' }, 46_000)).toBe(
    'stopped automatically: it is full · 412 messages, 1.2 MB of 16 MB',
  );
  expect(recordingName(Date.UTC(2026, 10, 21, 4, 12))).toBe('maia-recording-2026-11-21-0412.ndjson');
});

describe('a replay', () => {
  const replay: ReplayResult = {
    ...{ recordedAtMs: 0, kernel: '0.1.0', accountID: 'co_z1', why: 'stopped', faultSeeds: [4127] },
    ...{ messages: 48, coValues: 1, recordedHash: 'a', replayedHash: 'a' },
  };
  const id = 'co_z5q7QdM9rJtUe3yKxHf8WbGa5S';

  it('reports the same final state', () => {
    expect(describeReplay(replay)).toEqual({
      words: 'Same final state: 1 CoValue after 48 messages, with fault seed 4127.',
      tone: 'plain',
    });
  });
  it('reports where the final state first differs', () => {
    const sessionID = `${id}_session_zAbCdE`;
    const words = (difference: Omit<StateDifference, 'id'>) =>
      describeReplay({ ...replay, difference: { id, ...difference } }).words;
    expect(words({})).toBe(
      'Different final state: co_z5q7Q…bGa5S was recorded but is missing after the replay.',
    );
    expect(words({ sessionID, recorded: [5, 's'], replayed: [3, 't'] })).toBe(
      'Different final state, first in co_z5q7Q…bGa5S: 5 transactions recorded, 3 replayed, session …AbCdE.',
    );
    expect(words({ sessionID, recorded: [5, 's'], replayed: [5, 't'] })).toContain(
      'different signature over 5 transactions',
    );
    expect(words({ sessionID, replayed: [5, 't'] })).toContain('0 transactions recorded, 5 replayed');
  });
});
