import { expect, it, vi } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { openStoragePlace } from './storage-place.ts';
import type { Query } from './database.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { readDurability } from './postgres-facts.ts';

const pgWasLoaded = vi.hoisted(() => vi.fn());
vi.mock('pg', async (importOriginal) => {
  pgWasLoaded();
  return { ...(await importOriginal<object>()) };
});

const usual = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', server_encoding: 'UTF8' };

/** A server with these settings, most of which cannot be changed per connection. */
function serverWith(settings: Partial<typeof usual>): Query {
  const rows = Object.entries({ ...usual, ...settings }).map(([name, setting]) => ({ name, setting }));
  const text = JSON.stringify(rows);
  return <Row>() => Promise.resolve(JSON.parse(text) as readonly Row[]);
}

it.each([
  [{}, 'power-loss'],
  [{ synchronous_commit: 'local' }, 'power-loss'],
  [{ fsync: 'off' }, 'process-crash'],
  [{ full_page_writes: 'off' }, 'process-crash'],
  [{ synchronous_commit: 'off' }, 'none'],
  [{ synchronous_commit: 'off', fsync: 'off' }, 'none'],
] as const)('a commit of PostgreSQL with %j survives: %s', async (settings, durability) => {
  expect(await readDurability(serverWith(settings))).toBe(durability);
});

it('refuses a database that cannot store all text', async () => {
  const error = await readDurability(serverWith({ server_encoding: 'LATIN1' })).catch((e: unknown) => e);
  expect(isKernelError(error, 'RELAY_SETTING_INVALID')).toBe(true);
});

it('loads the PostgreSQL client only for PostgreSQL', async () => {
  const database = await openStoragePlace({ kind: 'memory' }, silentLogger);
  await database.close();
  expect(pgWasLoaded).not.toHaveBeenCalled();
  const unreachable = openPostgresDatabase('postgres://127.0.0.1:1/nothing', 'nowhere', silentLogger);
  await expect(unreachable).rejects.toMatchObject({ code: 'RELAY_STORAGE_FAILED' });
  expect(pgWasLoaded).toHaveBeenCalled();
});
