import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalNode, RawCoMap } from 'cojson';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { bundleRelay, spawnRelay } from '../../../test/support/relay/relay-process.ts';
import { manualClock, steppedClock } from '../../../test/support/relay/stepped-clock.ts';
import { connectStock, createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { confirmed, createSharedMap, isConfirmed } from '../../../test/support/relay/test-relay.ts';
import { createRelayOn } from '../relay.ts';
import { openStorageDirectory } from './storage-directory.ts';

const isLocked = (error: unknown) => isKernelError(error, 'RELAY_STORAGE_LOCKED');
const shown = async (directory: string) =>
  (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();

/** Without its socket, a lock is like one from another machine. */
async function moveToOtherMachine(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('.lock-')) await rm(join(directory, name));
  }
}

/** Opens the directory as a relay does after the holder of its lock was silent for 30 s. */
const takeOver = (directory: string) => openStorageDirectory(directory, silentLogger, {}, steppedClock());

describe('a storage directory that another machine takes over', () => {
  it('commits nothing more for the earlier holder, and keeps what it had committed', async () => {
    const directory = await createStorage();
    const first = await openStorageDirectory(directory, silentLogger, {}, manualClock());
    await first.transaction((query) => query('create table words (word text)'));
    await first.write(`insert into words values ('early')`);
    await moveToOtherMachine(directory);
    const second = await takeOver(directory);
    expect(await shown(directory)).toEqual(['lock.2', 'postgres.2']);
    let takenOver: unknown;
    first.onTakenOver?.((error) => (takenOver = error));
    await expect(first.write(`insert into words values ('late')`)).rejects.toSatisfy(isLocked);
    expect(takenOver).toSatisfy(isLocked);
    await expect(first.transaction((query) => query('select 1'))).rejects.toSatisfy(isLocked);
    await second.write(`insert into words values ('second')`);
    await first.close();
    await second.close();
    expect(await shown(directory)).toEqual(['postgres.2']);
    const third = await openStorageDirectory(directory, silentLogger);
    expect(await shown(directory)).toEqual(['lock.3', 'postgres.2']);
    expect(await third.query('select word from words')).toEqual([{ word: 'early' }, { word: 'second' }]);
    await third.close();
  });

  it('is copied at the next start if the copy failed', async () => {
    const directory = await createStorage();
    const control = join(directory, 'postgres', 'global', 'pg_control');
    await writeFile(join(directory, 'lock.7'), '{}');
    const content = await readFile(control);
    await rm(control);
    await expect(takeOver(directory)).rejects.toSatisfy((error) => {
      return (
        isKernelError(error, 'RELAY_STORAGE_FAILED') && /could not copy .*delete lock\.8/.test(error.message)
      );
    });
    expect(await shown(directory)).toEqual(['lock.8', 'postgres']);
    await writeFile(control, content);
    const next = await takeOver(directory);
    expect(await shown(directory)).toEqual(['lock.9', 'postgres.9']);
    await next.close();
  });

  it('is refused if a backup was put beside its database', async () => {
    const directory = await createStorage();
    await mkdir(join(directory, 'postgres.3'));
    await expect(openStorageDirectory(directory, silentLogger)).rejects.toThrow(/several databases/);
    expect(await shown(directory)).toEqual(['postgres', 'postgres.3']);
  });
});

describe('a relay that was stopped while another one took over its storage', () => {
  let script: string;
  beforeAll(async () => {
    script = await bundleRelay();
  });

  const connected = async (url: string): Promise<readonly [LocalNode, RawCoMap]> => {
    const node = await createClientNode();
    connectStock(node, url);
    const map = createSharedMap(node);
    await confirmed(node, map);
    return [node, map];
  };

  it('[RELAY-38] acknowledges nothing more and ends, and no acknowledged edit is lost', async () => {
    const directory = await createStorage();
    const stopped = spawnRelay(script, '--port=0', `--storage=pglite:${directory}`);
    const [alice, early] = await connected(await stopped.url);
    stopped.kill('SIGSTOP');
    onTestFinished(() => stopped.kill('SIGCONT'));
    await moveToOtherMachine(directory);
    const relay = await createRelayOn(() => takeOver(directory), {
      port: 0,
      storage: `pglite:${directory}`,
    });
    onTestFinished(relay.close);
    const late = createSharedMap(alice);
    const [, other] = await connected(relay.url);
    stopped.kill('SIGCONT');
    expect(await stopped.ended).toEqual({ code: 1, signal: null });
    expect(stopped.printed.errors).toContain('maia-relay: Another relay has taken over the storage in ');
    expect(isConfirmed(alice, late)).toBe(false);
    await relay.close();

    const database = await openStorageDirectory(directory, silentLogger);
    const rows = await database.query<{ id: string }>('select id from covalues');
    await database.close();
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([early.id, other.id]));
    expect(ids).not.toContain(late.id);
  });

  it('[RELAY-5] keeps its storage while its own machine can see it, and goes on', async () => {
    const directory = await createStorage();
    const stopped = spawnRelay(script, '--port=0', `--storage=pglite:${directory}`);
    const [alice] = await connected(await stopped.url);
    stopped.kill('SIGSTOP');
    await expect(takeOver(directory)).rejects.toSatisfy(isLocked);
    const late = createSharedMap(alice);
    stopped.kill('SIGCONT');
    await confirmed(alice, late);
    stopped.kill('SIGKILL');
    await stopped.ended;
    const next = await openStorageDirectory(
      directory,
      silentLogger,
      {},
      { ...manualClock(), after: vi.fn(() => () => {}) },
    );
    expect(await shown(directory)).toEqual(['lock.2', 'postgres']);
    await next.close();
  });
});
