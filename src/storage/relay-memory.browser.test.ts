import type { SessionID } from 'cojson';
import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { accountDatabase } from './account-database.ts';
import { openDatabase } from './indexed-db.ts';
import { createRelayMemory, type RememberedRelay } from './relay-memory.ts';

const accountID = `relay-memory-${crypto.randomUUID()}`;
const shape = accountDatabase(accountID);
const databases = createDatabases(indexedDB);
afterEach(() => databases.delete(shape.name));

const memory = createRelayMemory(indexedDB, accountID, { logger: silentLogger });
const remembered: RememberedRelay = {
  storage: { id: 's', epoch: 'e' },
  confirmed: [{ id: 'co_z1', sessionID: 'co_z2_session_z3' as SessionID, count: 4 }],
};

it('keeps a separate record for each relay', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  memory.write('relay.example', remembered);
  memory.write('other.example', {});
  await expect.poll(() => memory.read('relay.example')).toEqual(remembered);
  expect(await memory.read('other.example')).toEqual({});
  expect(await memory.read('unknown.example')).toBeUndefined();
});

it('keeps losses recorded by another tab', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  memory.write('relay.example', { ...remembered, losses: 2 });
  await expect.poll(() => memory.read('relay.example')).toEqual({ ...remembered, losses: 2 });
  memory.write('relay.example', { losses: 1 });
  await expect.poll(() => memory.read('relay.example')).toEqual({ losses: 2 });
});

it('ignores records that it did not write', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  await databases.request(shape.name, 'relays', (store) =>
    store.put({ confirmed: [{ id: 7 }] }, 'relay.example'),
  );
  expect(await memory.read('relay.example')).toBeUndefined();
});

it('does not recreate the database of an account that was signed out', async () => {
  memory.write('relay.example', remembered);
  expect(await memory.read('relay.example')).toBeUndefined();
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(shape.name);
});
