import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { createStockClient, reconnectStock } from '../../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
} from '../../../../test/support/relay/test-relay.ts';
import { createRelayOn } from '../../relay.ts';
import { openStorageDirectory } from '../storage-directory.ts';
import { until } from '../../../../test/support/until.ts';

/** A relay whose disk has as much room as the test says, and whose commits can be held up. */
async function startRelay() {
  const directory = await createStorage();
  const clock = createFakeClock();
  const held: (() => void)[] = [];
  const disk = { freeMB: 10_000, holdsCommits: false };
  const hold = async () => {
    if (disk.holdsCommits) await new Promise<void>((resolve) => held.push(resolve));
  };
  const relay = await createRelayOn(
    async (_, logger, options) => {
      const freeBytes = () => Promise.resolve(disk.freeMB * 1_000_000);
      const database = await openStorageDirectory(directory, logger, { ...options, clock, freeBytes });
      return {
        ...database,
        write: (sql, parameters) => hold().then(() => database.write(sql, parameters)),
        transaction: (run) => hold().then(() => database.transaction(run)),
      };
    },
    { port: 0, storage: `pglite:${directory}`, logger: silentLogger },
  );
  onTestFinished(relay.close);
  /** Resolves once the relay has seen it. */
  async function setFree(megabytes: number): Promise<void> {
    disk.freeMB = megabytes;
    clock.advance(2_000);
    const code = megabytes < 256 ? 503 : 200;
    await until(async () => expect((await readHealth(relay)).code).toBe(code));
  }
  return {
    relay,
    setFree,
    holdCommits: () => void (disk.holdsCommits = true),
    heldCount: () => held.length,
    releaseCommits() {
      disk.holdsCommits = false;
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

it('[RELAY-46] refuses content while the disk is almost full, answers loads, and takes content again', async () => {
  const { relay, setFree } = await startRelay();
  const alice = await createStockClient(relay.url);
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);
  const raw = await openRawClient(relay.url);

  await setFree(200);
  const { body } = await readHealth(relay);
  expect(body).toMatchObject({ status: 'failing', ready: false });
  expect(body.storage).toHaveProperty('error', expect.stringContaining('disk'));
  mine.set('word', 'second');
  await until(() => expect(alice.syncManager.peers['relay']?.closed).not.toBe(false));
  expect(isConfirmed(alice, mine)).toBe(false);
  raw.send({ action: 'load', id: mine.id, header: false, sessions: {} });
  await raw.waitFor({ action: 'content', id: mine.id });
  expect((await loadMap(await createStockClient(relay.url), mine)).get('word')).toBe('first');

  await setFree(300);
  reconnectStock(alice, relay.url);
  await confirmed(alice, mine);
  expect(raw.received).not.toContainEqual(expect.objectContaining({ maia: 'refused' }));
});

it('keeps what it took before the disk was almost full, disconnects nobody, and commits it later', async () => {
  const { relay, setFree, holdCommits, heldCount, releaseCommits } = await startRelay();
  const alice = await createStockClient(relay.url);
  const [first, second] = [createSharedMap(alice), createSharedMap(alice)];
  await confirmed(alice, first);
  await confirmed(alice, second);
  holdCommits();
  first.set('word', 'committing');
  await until(() => expect(heldCount()).toBe(1));
  second.set('word', 'waiting');
  await until(async () => expect((await readHealth(relay)).body.storage).toHaveProperty('pending', 2));
  await setFree(200);
  releaseCommits();
  await confirmed(alice, first);
  expect(isConfirmed(alice, second)).toBe(false);
  await setFree(300);
  await confirmed(alice, second);
  expect(alice.syncManager.peers['relay']?.closed).toBe(false);
});
