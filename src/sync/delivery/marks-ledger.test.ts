import type { RawCoID, StorageAPI } from 'cojson';
import { beforeEach, expect, it } from 'vitest';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import type { Debt } from '../../storage/ledger.ts';
import { createMarksLedger } from './marks-ledger.ts';

let marks: Set<RawCoID>;
/** Writes that the storage has not reported as done. */
let commits: (() => void)[];
let tracked: string[];
let storage: StorageAPI;

beforeEach(() => {
  marks = new Set();
  commits = [];
  tracked = [];
  storage = {
    ...createMemoryStorage(),
    trackCoValuesSyncState(updates, done) {
      for (const { id, peerId, synced } of updates) {
        expect(peerId).toBe('maia-unconfirmed');
        tracked.push(`${synced ? '-' : '+'}${id}`);
        if (synced) marks.delete(id);
        else marks.add(id);
      }
      commits.push(() => done?.());
    },
    getUnsyncedCoValueIDs: (callback) => callback([...marks]),
  };
});

const debt = (id: RawCoID): Debt => ({ id, session: 'a', count: 1, sinceMs: 1 });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('marks a CoValue with its first debt, until everything of it is settled', async () => {
  const ledger = createMarksLedger(storage);
  ledger.add({ debts: [debt('co_z1'), debt('co_z1'), debt('co_z2')] });
  ledger.add({ debts: [debt('co_z1')] });
  ledger.add({ confirmations: [{ relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 1 }] });
  expect(tracked).toEqual(['+co_z1', '+co_z2']);
  ledger.settled('co_z1');
  ledger.add({ debts: [debt('co_z1')] });
  expect(tracked).toEqual(['+co_z1', '+co_z2', '-co_z1', '+co_z1']);
  const { debts, confirmations, releases } = await ledger.read();
  expect([confirmations, releases]).toEqual([[], []]);
  expect(debts.map(({ id }) => id).toSorted()).toEqual(['co_z1', 'co_z2']);
});

it('recalls the marks of an earlier run as debts for everything that is stored', async () => {
  createMarksLedger(storage).add({ debts: [debt('co_z1')] });
  const { debts } = await createMarksLedger(storage).read();
  expect(debts).toEqual([{ id: 'co_z1', session: '*stored', count: 1, sinceMs: 0 }]);
});

it('is written once the storage has written every mark so far', async () => {
  const ledger = createMarksLedger(storage);
  const told: string[] = [];
  for (const id of ['co_z1', 'co_z2'] as const) {
    ledger.add({ debts: [debt(id)] });
    void ledger.written().then(() => told.push(id));
  }
  void ledger.written().then(() => told.push('nothing new'));
  commits[1]?.();
  await turn();
  expect(told).toEqual([]);
  commits[0]?.();
  await turn();
  expect(told.toSorted()).toEqual(['co_z1', 'co_z2', 'nothing new']);
});

it('does nothing on a node without storage', async () => {
  const ledger = createMarksLedger(undefined);
  ledger.add({ debts: [debt('co_z1')] });
  ledger.settled('co_z1');
  await ledger.written();
  expect((await ledger.read()).debts).toEqual([]);
});
