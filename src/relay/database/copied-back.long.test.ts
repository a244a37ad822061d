import { cp, rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { confirmed, createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';

/** Commits something and resolves with the identity that the relay announced. */
async function runOnce(directory: string): Promise<{ id: string; epoch: string }> {
  const relay = await startRelay({ storage: `pglite:${directory}` });
  const client = await openRawClient(relay.url);
  const alice = await createStockClient(relay.url);
  await confirmed(alice, createSharedMap(alice));
  await relay.close();
  return client.received[0]?.['storage'] as { id: string; epoch: string };
}

it('[RELAY-39] a PGlite directory that was copied back from a backup gets a new epoch', async () => {
  const directory = await createStorage();
  const backup = await createDirectory();
  const first = await runOnce(directory);
  await cp(directory, backup, { recursive: true });
  expect(await runOnce(directory)).toEqual(first);
  await rm(directory, { recursive: true });
  await cp(backup, directory, { recursive: true });
  const restored = await runOnce(directory);
  expect(restored.id).toBe(first.id);
  expect(restored.epoch).not.toBe(first.epoch);
  expect(await runOnce(directory)).toEqual(restored);
});
