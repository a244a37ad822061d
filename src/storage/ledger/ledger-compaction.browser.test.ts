import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { confirmationOf, debtOf, ledgerOf, pendingIn } from '../../../test/support/storage/facts.ts';
import { ledgerRows, relayRows } from '../../../test/support/storage/ledger-rows.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import { readContents } from '../../../test/support/storage/read-contents.ts';
import { silentLogger } from '../../base/logger.ts';
import type { RawCoID } from '../../engine/content.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { accountDatabase } from '../account-database.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { noFacts } from '../ledger.ts';
import { createRelayMemory } from '../relay-memory.ts';
import { addFacts, compactLedger, ledgerStores, recordRelays } from './ledger-store.ts';
import { until } from '../../../test/support/until.ts';

const databases = createDatabases(indexedDB);
const ends: (() => unknown)[] = [];
let accountID: string;
beforeEach(() => {
  accountID = `compaction-${crypto.randomUUID()}`;
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  for (const name of [`maia-${accountID}`, `maia-cojson-${accountID}`]) await databases.delete(name);
});

const records = () => ledgerRows(databases, accountID);
async function connect(): Promise<IDBDatabase> {
  const db = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!db) throw new Error('The database was not created.');
  ends.push(() => db.close());
  return db;
}
const write = <T>(db: IDBDatabase, run: (transaction: IDBTransaction) => Promise<T>) =>
  committing(db.transaction(ledgerStores, 'readwrite'), run);

it('loses nothing that two connections write at the same time', async () => {
  const [one, other] = [await connect(), await connect()];
  await write(one, (transaction) => recordRelays(transaction, ['r'], 1));
  const ids = Array.from({ length: 40 }, (_, at): RawCoID => `co_z${at}`);
  const settled = new Set(ids.filter((_, at) => at % 3 === 0));
  await Promise.all(
    ids.flatMap((id, at) => {
      const [db, second] = at % 2 === 0 ? [one, other] : [other, one];
      return [
        write(db, (transaction) => addFacts(transaction, { ...noFacts, debts: [debtOf(id)] })),
        ...(at % 5 === 0
          ? [
              write(second, (transaction) =>
                compactLedger(transaction, { clock: createFakeClock(1), relayIDs: [] }),
              ),
            ]
          : []),
        ...(settled.has(id)
          ? [
              write(second, (transaction) =>
                addFacts(transaction, { ...noFacts, confirmations: [confirmationOf(id)] }),
              ),
            ]
          : []),
      ];
    }),
  );
  const left = await write(one, (transaction) =>
    compactLedger(transaction, { clock: createFakeClock(1), relayIDs: [] }),
  );
  const { debts, confirmations } = await write(other, readContents);
  expect(left).toBe(ids.length - settled.size);
  expect(await records()).toHaveLength(1);
  expect(debts.map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => !settled.has(id)).toSorted());
  expect(confirmations).toEqual([]);
});

it('changes nothing if it is aborted', async () => {
  const db = await connect();
  await write(db, (transaction) => recordRelays(transaction, ['r'], 1));
  await write(db, (transaction) => addFacts(transaction, { ...noFacts, debts: [debtOf('co_z1')] }));
  const before = await records();
  const aborted = write(db, async (transaction) => {
    await compactLedger(transaction, { clock: createFakeClock(1), relayIDs: [] });
    throw new Error('The tab was closed.');
  });
  await expect(aborted).rejects.toThrow('The tab was closed.');
  expect(await records()).toEqual(before);
});

it('a relay that comes after the only one was forgotten has to be compared', async () => {
  const db = await connect();
  const day = 24 * 60 * 60_000;
  await write(db, (transaction) => recordRelays(transaction, ['old'], 1));
  await write(db, (transaction) =>
    addFacts(transaction, {
      ...noFacts,
      debts: [debtOf('co_z1')],
      confirmations: [confirmationOf('co_z1', { relayID: 'old' })],
    }),
  );
  await write(db, (transaction) =>
    compactLedger(transaction, { clock: createFakeClock(10 * day), relayIDs: [] }),
  );
  expect((await write(db, readContents)).debts).toEqual([]);
  // Sync was off for a month.
  await write(db, (transaction) =>
    compactLedger(transaction, { clock: createFakeClock(32 * day), relayIDs: [] }),
  );
  await write(db, (transaction) => recordRelays(transaction, ['other'], 32 * day));
  expect(await createRelayMemory(indexedDB, accountID, { logger: silentLogger }).read('other')).toMatchObject(
    { refill: true },
  );
});

it('a relay whose loss watch wrote first has to be compared', async () => {
  const db = await connect();
  await write(db, (transaction) => recordRelays(transaction, ['r'], 1));
  const memory = createRelayMemory(indexedDB, accountID, { logger: silentLogger });
  await memory.write('s', { confirmed: [] });
  await expect.poll(() => memory.read('s')).toEqual({ refill: true });
  await write(db, (transaction) => recordRelays(transaction, ['s'], 2));
  expect(await memory.read('s')).toMatchObject({ refill: true, configuredMs: 2 });
});

it('keeps no debt alive for a relay that was not used for 30 days', async () => {
  const db = await connect();
  const day = 24 * 60 * 60_000;
  await write(db, (transaction) => recordRelays(transaction, ['old', 'kept'], 1));
  await write(db, (transaction) => recordRelays(transaction, ['kept'], 20 * day));
  await write(db, (transaction) =>
    addFacts(transaction, {
      ...noFacts,
      debts: [debtOf('co_z1'), debtOf('co_z2')],
      confirmations: [confirmationOf('co_z1', { relayID: 'kept' })],
    }),
  );
  await write(db, (transaction) =>
    compactLedger(transaction, { clock: createFakeClock(30 * day), relayIDs: [] }),
  );
  expect((await write(db, readContents)).debts).toHaveLength(2);
  await write(db, (transaction) =>
    compactLedger(transaction, { clock: createFakeClock(30 * day + 2), relayIDs: [] }),
  );
  expect(Object.keys(await relayRows(databases, accountID))).toEqual(['kept']);
  expect((await write(db, readContents)).debts).toEqual([debtOf('co_z2')]);
});

it('replaces records once they have 64 facts, in the background', async () => {
  const storage = await openStorage('kernel', accountID);
  ends.push(() => storage.close());
  ledgerOf(storage).useRelays(['r']);
  await ledgerOf(storage).written();
  for (let count = 1; count <= 70; count++) {
    ledgerOf(storage).add({ debts: [debtOf('co_z1', { count })] });
    await ledgerOf(storage).written();
  }
  await until(async () => expect((await records()).length).toBeLessThan(64));
  expect(await pendingIn(storage)).toEqual(['co_z1']);
  const [first] = await records();
  expect(first).toMatchObject({ v: 1, whole: true });
});

it.each(['kernel', 'cojson-indexeddb'] as const)(
  'replaces what a start finds settled, in the background, with %s',
  async (kind) => {
    const db = await connect();
    await write(db, (transaction) => recordRelays(transaction, ['r'], 1));
    const ids = Array.from({ length: 100 }, (_, at): RawCoID => `co_z${at}`);
    const debts = [...ids, 'co_zOwed' as const].map((id) => debtOf(id));
    const confirmations = ids.map((id) => confirmationOf(id));
    await write(db, (transaction) => addFacts(transaction, { ...noFacts, debts, confirmations }));
    const storage = await openStorage(kind, accountID);
    ends.push(() => storage.close());
    expect(await pendingIn(storage)).toEqual(['co_zOwed']);
    await until(async () => expect(await write(db, readContents)).toMatchObject({ confirmations: [] }));
    expect((await write(db, readContents)).debts).toEqual([debtOf('co_zOwed')]);
  },
);

it('also replaces records beside stock storage', async () => {
  const storage = await openStorage('cojson-indexeddb', accountID);
  ends.push(() => storage.close());
  const ledger = ledgerOf(storage);
  ledger.useRelays(['r']);
  for (let count = 1; count <= 300; count++) {
    ledger.add({ debts: [debtOf('co_z1', { count })] });
    ledger.add({ confirmations: [confirmationOf('co_z1', { count })] });
    await ledger.written();
  }
  await until(async () => expect((await records()).length).toBeLessThan(200));
});
