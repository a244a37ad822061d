import type { CoValueCore } from 'cojson';
import { expect, it } from 'vitest';
import type { KnownState, RawCoID, SessionID } from '../../engine/content.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { createKnownStates } from './known-states.ts';
import type { Run, StoredCoValue } from './pieces.ts';

const id: RawCoID = 'co_zMap';
const session = 'co_zAna_session_z1' as SessionID;
const state = (count: number): KnownState => ({ id, header: true, sessions: { [session]: count } });

it('only grow', () => {
  const known = createKnownStates();
  known.add(state(3));
  known.add(state(2));
  expect(known.get(id)).toEqual(state(3));
  known.forget(id);
  expect(known.get(id)).toBeUndefined();
});

it('resolve once they cover the CoValue, including later additions', async () => {
  const known = createKnownStates();
  let has = state(1);
  const covered = watchPromise(known.whenCovers(id, { knownState: () => has } as CoValueCore));
  has = state(2);
  known.add(state(1));
  await Promise.resolve();
  expect(covered.isSettled).toBe(false);
  known.add(state(2));
  await covered.settled;
});

it('compare the disk with what memory gets later in its place, before that is written', () => {
  const transactionsInMemory: unknown[] = [];
  const core = {
    verified: {
      getTransactionsCount: () => transactionsInMemory.length,
      getSession: () => ({ lastSignature: 'theirs', transactions: transactionsInMemory }),
    },
  } as unknown as CoValueCore;
  const known = createKnownStates(() => core);
  const [mine, theirs] = [{ changes: 'mine' }, { changes: 'theirs' }] as unknown as Run['transactions'];
  const runs = new Map([
    [session, [{ sessionID: session, after: 0, transactions: [mine], signature: 'mine' }]],
  ]);
  const stored = { id, header: {}, runs } as unknown as StoredCoValue;
  known.read(stored);
  expect(known.mustCompare(id)).toBe(false);
  // As many are in memory, so nothing would be added.
  transactionsInMemory.push(theirs);
  expect(known.mustCompare(id)).toBe(false);
  transactionsInMemory.push(theirs);
  expect(known.mustCompare(id)).toBe(true);
  expect(known.isFork(id, session)).toBe(false);
  known.read(stored);
  expect(known.mustCompare(id)).toBe(false);
  expect(known.isFork(id, session)).toBe(true);
});
