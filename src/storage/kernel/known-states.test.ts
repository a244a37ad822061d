import type { CoValueCore } from 'cojson';
import { describe, expect, it } from 'vitest';
import type { KnownState, RawCoID, SessionID } from '../../engine/content.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { createKnownStates, idsPerPage, type ListPage } from './known-states.ts';
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

describe('the list of what is stored', () => {
  const idOf = (number: number): RawCoID => `co_z${number}`;
  const stateAt = (additions: number) => ({ mark: 'a', additions });
  const pageOf = (additions: number, numbers: readonly number[], isLast: boolean): ListPage => ({
    ...{ state: stateAt(additions), ids: numbers.map((number) => ({ id: idOf(number) })), isLast },
  });

  function createList(...reads: (readonly ListPage[])[]) {
    const known = createKnownStates(undefined, async function* () {
      await Promise.resolve();
      yield* reads.shift() ?? [];
    });
    /** As many as it takes for one page. */
    const missMany = async (additions = 1) => {
      known.missed(idsPerPage, stateAt(additions));
      await new Promise((resolve) => setTimeout(resolve));
    };
    const lacks = (additions: number) =>
      [1, 2, 3].map((number) => known.lacks(idOf(number), stateAt(additions)));
    return { known, missMany, lacks };
  }
  const nothing = [false, false, false];

  it('is read in pages, and counts once it is whole', async () => {
    const { known, missMany, lacks } = createList([pageOf(1, [1], false), pageOf(1, [2], true)]);
    known.missed(39, undefined);
    await missMany();
    expect(lacks(1)).toEqual(nothing);
    await missMany();
    expect(lacks(1)).toEqual([false, false, true]);
    expect(known.lacks(idOf(3), { mark: 'b', additions: 1 })).toBe(false);
    expect(known.lacks(idOf(3), undefined)).toBe(false);
  });

  it('is kept while this tab adds to it, also between two pages', async () => {
    const { known, missMany, lacks } = createList([pageOf(1, [2], false), pageOf(2, [], true)]);
    await missMany();
    known.wrote({ before: stateAt(1), after: stateAt(2) });
    known.add({ id: idOf(1), header: true, sessions: {} });
    await missMany();
    known.wrote({ before: stateAt(2), after: stateAt(3) });
    expect(lacks(2)).toEqual(nothing);
    expect(lacks(3)).toEqual([false, false, true]);
  });

  it('is read again if another tab has added something, also between two pages', async () => {
    const first = [pageOf(1, [], false), pageOf(2, [], true)];
    const { known, missMany, lacks } = createList(first, [pageOf(2, [1], true)], [pageOf(4, [1, 2], true)]);
    await missMany();
    await missMany();
    expect(known.isListing).toBe(false);
    await missMany();
    expect(lacks(2)).toEqual([false, true, true]);
    known.wrote({ before: stateAt(3), after: stateAt(4) });
    expect(lacks(4)).toEqual(nothing);
    await missMany(4);
    expect(lacks(4)).toEqual([false, false, true]);
  });

  it('is kept if look-ups end in vain that began before it was whole', async () => {
    const { known, missMany, lacks } = createList([pageOf(1, [1], true)], [pageOf(1, [1], true)]);
    await missMany();
    known.missed(idsPerPage, undefined);
    known.missed(idsPerPage, stateAt(1));
    expect(lacks(1)).toEqual([false, true, true]);
  });

  it('is unknown after the connection was lost', async () => {
    const { known, missMany, lacks } = createList([pageOf(1, [1], true)]);
    await missMany();
    expect(lacks(1)).toEqual([false, true, true]);
    known.clear();
    expect(lacks(1)).toEqual(nothing);
  });
});
