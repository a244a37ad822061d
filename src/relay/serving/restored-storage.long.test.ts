import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { confirmed, createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import { giveNewEpoch } from '../cli/new-epoch.ts';
import type { RelayOptions } from '../index.ts';
import { until } from '../../../test/support/until.ts';

/** Starts a relay, commits something, stops it, and resolves with the identity that it announced. */
async function runOnce(options: RelayOptions): Promise<{ id: string; epoch: string }> {
  const relay = await startRelay(options);
  const client = await openRawClient(relay.url);
  const alice = await createStockClient(relay.url);
  await confirmed(alice, createSharedMap(alice));
  await relay.close();
  return client.received[0]?.['storage'] as { id: string; epoch: string };
}

const storedEpoch = async (storage: string) => {
  const [row] = await runStatement('select epoch from storage_identity', [], storage);
  return (row as { epoch: string }).epoch;
};

describePostgres('a relay that starts on a storage that was restored meanwhile', () => {
  it.each([
    ['went back', `delete from storage_marks where number > 1`],
    ['went back and on', `update storage_marks set name = 'another' where number > 1`],
    ['is older than all marks', `drop table storage_marks`],
  ])('[RELAY-39] renews the epoch once if the storage %s', async (_, restore) => {
    const storage = await createPostgres();
    const states = [await createDirectory(), await createDirectory()] as const;
    const first = await runOnce({ storage, stateDirectory: states[0] });
    expect(await runOnce({ storage, stateDirectory: states[1] })).toEqual(first);
    await runStatement(restore, [], storage);
    const second = await runOnce({ storage, stateDirectory: states[1] });
    expect(second.id).toBe(first.id);
    expect(second.epoch).not.toBe(first.epoch);
    // The other relay remembers the same, but finds that the epoch is new already.
    for (const stateDirectory of states) {
      expect(await runOnce({ storage, stateDirectory })).toEqual(second);
    }
  });

  it('notices that even a renewal was undone', async () => {
    const storage = await createPostgres();
    const stateDirectory = await createDirectory();
    await runOnce({ storage, stateDirectory });
    const before = await storedEpoch(storage);
    await giveNewEpoch(storage, silentLogger);
    await runOnce({ storage, stateDirectory });
    await runStatement('update storage_identity set epoch = $1', [before], storage);
    await runOnce({ storage, stateDirectory });
    expect(await storedEpoch(storage)).toMatch(/^2\./);
  });

  it.each([
    ['is lost', (file: string) => rm(file)],
    ['is damaged', (file: string) => writeFile(file, '{"renewals":')],
    ['is of another form', (file: string) => writeFile(file, '{"mark":{}}')],
  ])('starts as before if its state file %s', async (_, damage) => {
    const storage = await createPostgres();
    const stateDirectory = await createDirectory();
    const first = await runOnce({ storage, stateDirectory });
    const files = await readdir(stateDirectory);
    expect(files).toEqual([`${first.id}.json`]);
    await damage(join(stateDirectory, files[0] ?? ''));
    expect(await runOnce({ storage, stateDirectory })).toEqual(first);
    expect(await readdir(stateDirectory)).toEqual(files);
  });

  it('starts even if it cannot use its state directory', async () => {
    const file = join(await createDirectory(), 'file');
    await writeFile(file, '');
    await runOnce({ storage: await createPostgres(), stateDirectory: file });
  });
});

describePostgres('a copy of a PostgreSQL database in the same server', () => {
  it('[RECEIPT-7] has another epoch, and relays with new state directories that join one keep it', async () => {
    const [storage, copy] = [await createPostgres(), await createPostgres()];
    const { epoch } = await runOnce({ storage });
    const [from, to] = [storage, copy].map((url) => new URL(url).pathname.slice(1));
    await runStatement(`drop database ${to}`);
    await until(() => runStatement(`create database ${to} template ${from}`));
    expect((await runOnce({ storage: copy })).epoch).not.toBe(epoch);
    for (let count = 0; count < 2; count++)
      expect((await runOnce({ storage, stateDirectory: await createDirectory() })).epoch).toBe(epoch);
  });
});

it('[RECEIPT-7] a copy of a PGlite directory has another epoch once it is served', async () => {
  const [directory, copy] = [await createStorage(), await createDirectory()];
  const original = await runOnce({ storage: `pglite:${directory}` });
  await cp(directory, copy, { recursive: true });
  const other = await runOnce({ storage: `pglite:${copy}` });
  expect(other.epoch).not.toBe(original.epoch);
  expect(await runOnce({ storage: `pglite:${copy}` })).toEqual(other);
  expect(await runOnce({ storage: `pglite:${directory}` })).toEqual(original);
});

describePostgres('maia-relay epoch new', () => {
  it('disconnects the clients of running relays, which then announce the new epoch', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const before = await openRawClient(relay.url);
    await giveNewEpoch(storage, silentLogger);
    await before.waitFor({ maia: 'refused', code: 'storage', closing: true });
    await until(async () => {
      const after = await openRawClient(relay.url);
      expect(after.received[0]).toMatchObject({ maia: 'hello' });
      expect(after.received[0]?.['storage']).not.toEqual(before.received[0]?.['storage']);
    });
  });

  it('refuses a storage that does not exist, and creates none', async () => {
    const directory = join(await createDirectory(), 'missing');
    await expect(giveNewEpoch(`pglite:${directory}`, silentLogger)).rejects.toThrow(/There is no storage/);
    await expect(readdir(directory)).rejects.toThrow(/ENOENT/);
  });
});
