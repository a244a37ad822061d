import { afterEach, expect, it } from 'vitest';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { accountDatabase } from './account-database.ts';
import { openDatabase } from './indexed-db.ts';

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
const all = ['deleted', 'relays', 'segments', 'session-ids', 'unconfirmed'];

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
