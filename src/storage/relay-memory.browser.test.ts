import type { SessionID } from 'cojson';
import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { accountDatabase, stores } from './account-database.ts';
import { openDatabase } from './indexed-db.ts';
import { createRelayMemory } from './relay-memory.ts';
import { type RememberedRelay } from './remembered-relay.ts';

const accountID = `relay-memory-${crypto.randomUUID()}`;
const shape = accountDatabase(accountID);
const databases = createDatabases(indexedDB);
afterEach(() => databases.delete(shape.name));

const memory = createRelayMemory(indexedDB, accountID, { logger: silentLogger });
const remembered: RememberedRelay = {
  storage: { id: 's', epoch: 'e' },
  confirmed: [{ id: 'co_z1', sessionID: 'co_z2_session_z3' as SessionID, count: 4, generation: 0 }],
  configuredMs: 1,
};

it('keeps a separate record for each relay', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  await memory.write('relay.example', remembered);
  await memory.write('other.example', { configuredMs: 2 });
  await expect.poll(() => memory.read('relay.example')).toEqual(remembered);
  expect(await memory.read('other.example')).toEqual({ configuredMs: 2 });
});

it('[CONF-12] has a relay compared that the ledger has yet to record, unless it is the first', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  expect(await memory.read('relay.example')).toBeUndefined();
  await memory.write('relay.example', { losses: 1 });
  expect(await memory.read('relay.example')).toEqual({ losses: 1 });
  expect(await memory.read('new.example')).toEqual({ refill: true });
  await memory.write('new.example', { losses: 2, refill: false });
  expect(await memory.read('new.example')).toEqual({ losses: 2, refill: true });
  await memory.write('new.example', { losses: 2, refill: false, configuredMs: 5 });
  expect(await memory.read('new.example')).toEqual({ losses: 2, configuredMs: 5 });
});

it('keeps losses recorded by another tab, and the storage that it named', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  await memory.write('relay.example', { ...remembered, losses: 2 });
  await expect.poll(() => memory.read('relay.example')).toEqual({ ...remembered, losses: 2 });
  await memory.write('relay.example', { losses: 1, configuredMs: 5 });
  await expect
    .poll(() => memory.read('relay.example'))
    .toEqual({ ...remembered, losses: 2, configuredMs: 5 });
});

it('keeps that the relay has to be refilled, until that is done after the last loss', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  const kept = () => memory.read('relay.example');
  await memory.write('relay.example', { losses: 1, refill: true, configuredMs: 5 });
  await memory.write('relay.example', remembered);
  const { confirmed } = remembered;
  // Both are of tabs that do not know of the loss.
  await expect.poll(kept).toEqual({ confirmed, losses: 1, refill: true, configuredMs: 5 });
  await memory.write('relay.example', { refill: false, configuredMs: 4 });
  await expect.poll(kept).toEqual({ confirmed, losses: 1, refill: true, configuredMs: 5 });
  await memory.write('relay.example', { losses: 1, refill: false, configuredMs: 6 });
  await expect.poll(kept).toEqual({ confirmed, losses: 1, configuredMs: 6 });
});

it('ignores records that it did not write', async () => {
  (await openDatabase(indexedDB, shape))?.close();
  await databases.request(shape.name, stores.relays, (store) =>
    store.put({ confirmed: [{ id: 7 }] }, 'relay.example'),
  );
  expect(await memory.read('relay.example')).toEqual({ refill: true });
});

it('does not recreate the database of an account that was signed out', async () => {
  await memory.write('relay.example', remembered);
  expect(await memory.read('relay.example')).toEqual({ refill: true });
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(shape.name);
});
