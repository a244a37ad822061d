import { expect, it } from 'vitest';
import type { PendingEdits } from './pending-edits.ts';
import { createUnsyncedCoValues } from './unsynced-covalues.ts';

const sent = { s: 2 };
const edits: PendingEdits = {
  edits: [
    { sinceMs: 1_000, need: { s: 1 } },
    { sinceMs: 6_000, need: { s: 2 } },
  ],
  saved: { s: 2 },
  atRelays: { r: { sent, confirmed: { s: 1 } } },
};

const placeOf = (storage: 'ok' | 'memory-only', relayIDs = ['r']) =>
  ({ relayIDs, durability: 'none', storage: { kind: 'kernel', state: storage } }) as const;

function sinceMs(change: Partial<PendingEdits>, storage: 'ok' | 'memory-only' = 'ok'): number | undefined {
  const read = createUnsyncedCoValues(new Map([['co_z1', { ...edits, ...change }]]));
  return read(placeOf(storage))[0]?.sinceMs;
}

it('a CoValue is unsynced since its oldest pending edit, on this device or at a relay', () => {
  expect(sinceMs({})).toBe(6_000);
  expect(sinceMs({ saved: {} })).toBe(1_000);
  expect(sinceMs({ saved: {} }, 'memory-only')).toBe(6_000);
  expect(sinceMs({ atRelays: {} })).toBe(1_000);
  expect(sinceMs({ saved: { s: 1 }, atRelays: { r: { sent, confirmed: { s: 2 } } } })).toBe(6_000);
});

it('is the same object until it, its relays or its device change', () => {
  const pending = new Map([['co_z1', edits]]);
  const read = createUnsyncedCoValues(pending);
  const [before] = read(placeOf('ok'));
  expect(read(placeOf('ok'))[0]).toBe(before);
  expect(read(placeOf('ok', ['r', 'q']))[0]?.missingAtPeerIDs).toEqual(['r', 'q']);
  pending.set('co_z1', { ...edits, saved: {} });
  expect(read(placeOf('ok', ['r', 'q']))[0]?.saved).toBe('pending');
});

it('distinguishes CoValues with equal edits', () => {
  const read = createUnsyncedCoValues(new Map(['co_z1', 'co_z2'].map((id) => [id, edits])));
  expect(read(placeOf('ok')).map(({ id }) => id)).toEqual(['co_z1', 'co_z2']);
});

it('is sorted by age, not by the time of the latest edit', () => {
  const younger = {
    ...edits,
    atRelays: { r: { sent, confirmed: {} } },
    edits: [{ sinceMs: 9_000, need: sent }],
  };
  const read = createUnsyncedCoValues(
    new Map([
      ['co_z1', younger],
      ['co_z2', edits],
    ]),
  );
  expect(read(placeOf('ok')).map(({ id }) => id)).toEqual(['co_z2', 'co_z1']);
});
