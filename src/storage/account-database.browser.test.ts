import { afterEach, describe, expect, it } from 'vitest';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { pendingIn } from '../../test/support/storage/facts.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { accountDatabase } from './account-database.ts';
import { openDatabase } from './indexed-db.ts';
import { joinRecords } from './ledger/ledger-records.ts';

const accountID = `account-database-${crypto.randomUUID()}`;
const shape = accountDatabase(accountID);
const databases = createDatabases(indexedDB);
afterEach(() => databases.delete(shape.name));

async function storesOf(): Promise<readonly string[]> {
  const db = await openDatabase(indexedDB, shape);
  const names = [...(db?.objectStoreNames ?? [])];
  db?.close();
  return names;
}
const all = ['deleted', 'ledger', 'relay-records', 'segments', 'session-ids'];

it('creates all stores in a new database', async () => {
  expect(await storesOf()).toEqual(all);
});

it('keeps the session IDs of version 1, which stored nothing else', async () => {
  const before = await openDatabase(indexedDB, {
    name: shape.name,
    version: 1,
    make: (db) => db.createObjectStore('session-ids', { keyPath: 'sessionID' }),
  });
  before?.close();
  const record = { v: 1, sessionID: 'co_zAna_session_z1', epoch: 3 };
  await databases.request(shape.name, 'session-ids', (store) => store.put(record));
  expect(await storesOf()).toEqual(all);
  expect(await databases.request(shape.name, 'session-ids', (store) => store.getAll())).toEqual([record]);
});

describe('version 3', () => {
  const relay = { storage: { id: 's', epoch: 'e' }, losses: 2 };

  /** As the kernel wrote it before it had a ledger. */
  async function writeVersion3(unconfirmed: readonly string[]): Promise<void> {
    const db = await openDatabase(indexedDB, {
      name: shape.name,
      version: 3,
      make(made) {
        made.createObjectStore('session-ids', { keyPath: 'sessionID' });
        made
          .createObjectStore('segments', { autoIncrement: true })
          .createIndex('ids', 'ids', { multiEntry: true });
        const marks = made.createObjectStore('unconfirmed');
        for (const id of unconfirmed) marks.put(1, id);
        made.createObjectStore('deleted').put(1, 'co_zDeleted');
        const relays = made.createObjectStore('relays');
        relays.put(relay, 'r');
        relays.put({}, 's');
      },
    });
    db?.close();
  }

  const read = <T>(store: string) =>
    databases.request<readonly T[]>(shape.name, store, (from) => from.getAll());

  it('becomes a ledger that owes everything stored of what was unconfirmed, and every relay is refilled', async () => {
    await writeVersion3(['co_z1', 'co_z2']);
    expect(await storesOf()).toEqual(all);
    const { debts, ...others } = joinRecords(await read('ledger'));
    expect(others).toEqual({ confirmations: [], releases: [] });
    expect(debts).toMatchObject([
      { id: 'co_z1', session: '*v3', count: 1 },
      { id: 'co_z2', session: '*v3', count: 1 },
    ]);
    expect(await read('relay-records')).toEqual([{ ...relay, refill: true }, { refill: true }]);
    expect(await read('deleted')).toEqual([1]);
    const storage = await openStorage('kernel', accountID);
    expect(await pendingIn(storage)).toEqual(['co_z1', 'co_z2']);
    await storage.close();
  });

  it('owes nothing if nothing was unconfirmed', async () => {
    await writeVersion3([]);
    expect(await storesOf()).toEqual(all);
    expect(await read('ledger')).toEqual([]);
    expect(await read('relay-records')).toEqual([{ ...relay, refill: true }, { refill: true }]);
  });

  it('is unchanged if the upgrade does not end, and upgraded by the next start', async () => {
    await writeVersion3(['co_z1']);
    const killed = openDatabase(indexedDB, {
      ...shape,
      make(db, transaction) {
        shape.make?.(db, transaction);
        // After the moves, in their transaction.
        const last = transaction.objectStore('relays').count();
        last.addEventListener('success', () => transaction.abort());
      },
    });
    await expect(killed).rejects.toMatchObject({ name: 'AbortError' });
    const before = await openDatabase(indexedDB, { name: shape.name });
    expect(before?.version).toBe(3);
    expect([...(before?.objectStoreNames ?? [])]).toContain('unconfirmed');
    before?.close();
    expect(await databases.request(shape.name, 'unconfirmed', (store) => store.getAllKeys())).toEqual([
      'co_z1',
    ]);
    expect(await read('relays')).toEqual([relay, {}]);
    expect(await storesOf()).toEqual(all);
    expect(joinRecords(await read('ledger')).debts.map(({ id }) => id)).toEqual(['co_z1']);
  });
});
