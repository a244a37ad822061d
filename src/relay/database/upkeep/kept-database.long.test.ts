import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../base/logger.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import { openPGliteDatabase } from '../pglite-database.ts';
import { openKeptDatabase } from './open-kept-database.ts';
import { freezeAll, transactionAge } from './vacuum.ts';
import { until } from '../../../../test/support/until.ts';
const megabyte = 'x'.repeat(1_000_000);

it('[RELAY-47] keeps the log short, and vacuums what has many dead rows', async () => {
  const directory = join(await createStorage(), 'postgres');
  const clock = createFakeClock();
  const database = await openKeptDatabase(directory, silentLogger, { clock });
  onTestFinished(() => database.close());
  await database.query('create table words (n int, word text)');
  await database.query('alter table words alter word set storage external');
  const logBytes = async () => {
    const [row] = await database.query<{ bytes: number }>(
      'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()',
    );
    return row?.bytes ?? 0;
  };
  for (let round = 0; round < 3; round++) {
    await database.query('insert into words select n, $1 from generate_series(1, 70) n', [megabyte]);
    expect(await logBytes()).toBeGreaterThan(64_000_000);
    clock.advance(1_000);
    await until(async () => expect(await logBytes()).toBeLessThan(64_000_000));
  }
  expect(await sizeOf(join(directory, 'pg_wal'))).toBeLessThan(200_000_000);

  await database.query(`insert into words select n, 'short' from generate_series(1, 10000) n`);
  await database.query('delete from words where n > 2000');
  await until(async () => {
    clock.advance(1_000);
    const [row] = await database.query<{ dead: number }>(
      `select n_dead_tup::float8 as dead from pg_stat_user_tables where relname = 'words' and last_vacuum is not null`,
    );
    expect(row).toEqual({ dead: 0 });
  });
});

it('freezes the templates, too, whose age would otherwise end the database', async () => {
  const database = await openPGliteDatabase(join(await createStorage(), 'postgres'));
  onTestFinished(() => database.close());
  await database.query('create table words (n int)');
  for (let n = 0; n < 500; n++) await database.query('insert into words values ($1)', [n]);
  expect(await transactionAge(database)).toBeGreaterThan(500);
  await freezeAll(database);
  expect(await transactionAge(database)).toBeLessThan(10);
  await database.query('checkpoint');
  const [row] = await database.query<{ age: number }>(
    'select age(oldest_xid)::float8 as age from pg_control_checkpoint()',
  );
  expect(row?.age).toBeLessThan(10);
});

const disk = await mountSmallDisk();
afterAll(async () => {
  if (disk === undefined) return;
  // Files that PGlite has just closed can still be in use.
  await until(() => execFileSync('umount', [disk]));
  await rm(disk, { recursive: true });
});

it.skipIf(disk === undefined)(
  'answers after another program filled its disk, without a restart',
  async () => {
    if (disk === undefined) return;
    const directory = join(disk, 'postgres');
    await cp(join(await createStorage(), 'postgres'), directory, { recursive: true });
    const clock = createFakeClock();
    const database = await openKeptDatabase(directory, silentLogger, { clock, diskReserveMB: 64 });
    onTestFinished(() => database.close());
    await database.query('create table words (word text)');
    await database.query(`insert into words values ('kept')`);
    clock.advance(2_000);
    await until(async () => expect((await stat(join(directory, '.ballast'))).size).toBe(16_000_000));
    await fill(disk);

    // PGlite gets stuck when it cannot extend its log.
    let reason: unknown;
    const writing = database
      .query(`select pg_logical_emit_message(true, 'test', repeat($1, 30))`, [megabyte])
      .catch((error: unknown) => (reason = error));
    await until(() => {
      clock.advance(1_000);
      expect(reason).toMatchObject({ message: 'The database thread has ended.' });
    });
    await writing;
    expect(await database.query('select word from words')).toEqual([{ word: 'kept' }]);
    expect(await readdir(directory)).not.toContain('.ballast');
    expect(database.writeRefusal?.()).toBe('disk');

    await rm(join(disk, 'other'));
    await until(() => {
      clock.advance(2_000);
      expect(database.writeRefusal?.()).toBeUndefined();
    });
    await database.query(`insert into words values ('new')`);
    expect(await database.query('select word from words')).toEqual([{ word: 'kept' }, { word: 'new' }]);
  },
);

/** Undefined if this user may not mount. */
async function mountSmallDisk(): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'maia-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', directory], { stdio: 'ignore' });
    return directory;
  } catch {
    await rm(directory, { recursive: true });
    return undefined;
  }
}

/** Leaves 8 MB, which is less than a segment of the log. */
async function fill(disk: string): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, 'other'), Buffer.alloc(bavail * bsize - 8_000_000));
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
