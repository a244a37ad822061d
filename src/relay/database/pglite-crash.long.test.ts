import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createRelayOn } from '../relay.ts';
import { connectStock, createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
} from '../../../test/support/relay/test-relay.ts';
import { openPGliteDatabase } from './pglite-database.ts';
import { startPGliteWorker, type PGliteWorker } from './pglite-worker.ts';
import { until } from '../../../test/support/until.ts';

it('a relay whose database crashes acknowledges nothing until the database reopens automatically', async () => {
  const directory = await createStorage();
  let worker: PGliteWorker | undefined;
  let isWhole = true;
  const start = async (location: string) => {
    if (!isWhole) throw new Error('The database does not open.');
    return (worker = await startPGliteWorker(location));
  };
  const relay = await createRelayOn(() => openPGliteDatabase(join(directory, 'postgres'), start), {
    port: 0,
    storage: `pglite:${directory}`,
    logger: silentLogger,
  });
  onTestFinished(relay.close);
  const alice = await createStockClient(relay.url);
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);

  isWhole = false;
  await worker?.kill();
  mine.set('word', 'unwritten');
  await until(async () => expect((await readHealth(relay)).code).toBe(503));
  expect((await readHealth(relay)).body).toMatchObject({ status: 'failing', ready: false });
  expect(isConfirmed(alice, mine)).toBe(false);

  isWhole = true;
  await until(async () => expect((await readHealth(relay)).code).toBe(200));
  alice.syncManager.removePeer('relay');
  connectStock(alice, relay.url);
  await confirmed(alice, mine);

  // After the crash, nothing that is read below is in memory.
  await worker?.kill();
  await relay.close();
  const next = await createRelayOn(() => openPGliteDatabase(join(directory, 'postgres')), {
    port: 0,
    storage: `pglite:${directory}`,
  });
  onTestFinished(next.close);
  const bob = await createStockClient(next.url);
  expect((await loadMap(bob, mine)).get('word')).toBe('unwritten');
});
