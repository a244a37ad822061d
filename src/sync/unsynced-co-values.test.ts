import { expect, it } from 'vitest';
import type { PendingEdits } from './pending-edits.ts';
import { createUnsyncedCoValues } from './unsynced-co-values.ts';

const sent = { s: 2 };
const edits: PendingEdits = {
  edits: [
    { sinceMs: 1_000, need: { s: 1 } },
    { sinceMs: 6_000, need: { s: 2 } },
  ],
  saved: { s: 2 },
  atRelays: { r: { sent, confirmed: { s: 1 } } },
};

function sinceMs(change: Partial<PendingEdits>, storage: 'ok' | 'memory-only' = 'ok'): number | undefined {
  const read = createUnsyncedCoValues(new Map([['co_z1', { ...edits, ...change }]]));
  const place = { relayIDs: ['r'], durability: 'none', storage: { kind: 'kernel', state: storage } } as const;
  return read(place)[0]?.sinceMs;
}

it('a CoValue is unsynced since the oldest edit that waits, for this device or for a relay', () => {
  expect(sinceMs({})).toBe(6_000);
  expect(sinceMs({ saved: {} })).toBe(1_000);
  expect(sinceMs({ saved: {} }, 'memory-only')).toBe(6_000);
  expect(sinceMs({ atRelays: {} })).toBe(1_000);
  expect(sinceMs({ saved: { s: 1 }, atRelays: { r: { sent, confirmed: { s: 2 } } } })).toBe(6_000);
});
