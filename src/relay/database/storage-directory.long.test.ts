import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKernelError, type KernelErrorCode } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { refusalOf } from '../../../test/support/relay/refusal.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { prepareSchema, schemaVersion } from './schema.ts';
import { openStorageDirectory } from './storage-directory.ts';

const open = (directory: string) => openStorageDirectory(directory, silentLogger);
const shown = async (directory: string) => (await readdir(directory)).filter((name) => !name.startsWith('.'));
const codeOf = async (opening: Promise<unknown>): Promise<KernelErrorCode | undefined> => {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isKernelError(error) ? error.code : undefined;
};

describe('a storage directory', () => {
  it('is created if missing, only for this user, and reopens with its content', async () => {
    const directory = join(await createDirectory(), 'deep', 'storage');
    const first = await open(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const identity = await prepareSchema(first);
    expect(await shown(directory)).toEqual(['lock.1', 'postgres']);
    await first.close();
    expect(await readdir(directory)).toEqual(['postgres']);

    await chmod(directory, 0o755);
    const second = await open(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await prepareSchema(second)).toEqual(identity);
    expect(second.durability).toBe('process-crash');
    await second.close();
  });

  it('logs that it creates the database, before the seconds that this takes, and not when it opens one', async () => {
    const directory = await createDirectory();
    const logged: [string, boolean][] = [];
    const info = (message: string) => void logged.push([message, existsSync(join(directory, 'postgres'))]);
    const start = () => openStorageDirectory(directory, { ...silentLogger, info });
    await (await start()).close();
    await (await start()).close();
    expect(logged).toEqual([['Creating the database, which takes a few seconds', false]]);
  });

  it('[RELAY-5] belongs to one relay at a time', async () => {
    const directory = await createStorage();
    const first = await open(directory);
    expect(await codeOf(open(directory))).toBe('RELAY_STORAGE_LOCKED');
    await first.query('select 1');
    await first.close();
    await (await open(directory)).close();
  });

  it('is left unchanged if it contains other files', async () => {
    const directory = await createDirectory();
    await chmod(directory, 0o755);
    await writeFile(join(directory, 'letter.txt'), 'Dear Ada');
    expect(await codeOf(open(directory))).toBe('RELAY_SETTING_INVALID');
    expect(await readdir(directory)).toEqual(['letter.txt']);
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
  });

  it('is not a file, such as the database of another server', async () => {
    const file = join(await createDirectory(), 'sync.db');
    await writeFile(file, 'SQLite format 3');
    // Not to choose an empty one, which would serve an empty database.
    expect(await refusalOf(open(file))).toMatch(/Grant write access to the user .* chown -R\.$/);
    expect(await readFile(file, 'utf8')).toBe('SQLite format 3');
  });

  it('keeps nothing of a failed or killed creation', async () => {
    const directory = await createDirectory();
    await mkdir(join(directory, 'unfinished-0123'));
    const path = process.execPath;
    process.execPath = join(directory, 'no-such-program');
    try {
      expect(await codeOf(open(directory))).toBe('RELAY_STORAGE_FAILED');
    } finally {
      process.execPath = path;
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused and unlocked if it is damaged', async () => {
    const directory = await createStorage();
    await writeFile(join(directory, 'postgres', 'PG_VERSION'), '9\n');
    expect(await codeOf(open(directory))).toBe('RELAY_STORAGE_FAILED');
    expect(await readdir(directory)).toEqual(['postgres']);
  });

  it('is refused, and not replaced by an empty one, if its version file is missing', async () => {
    const directory = await createStorage();
    const postgres = join(directory, 'postgres');
    await rm(join(postgres, 'PG_VERSION'));
    const left = await readdir(postgres);
    expect(await codeOf(open(directory))).toBe('RELAY_STORAGE_FAILED');
    expect(await readdir(postgres)).toEqual(left);
  });
});

describe('the schema', () => {
  it('[RELAY-6] is refused and left unchanged if it belongs to a newer relay', async () => {
    const database = await open(await createStorage());
    await prepareSchema(database);
    await database.query(`update schema_version set version = $1`, [schemaVersion + 1]);
    expect(await codeOf(prepareSchema(database))).toBe('RELAY_STORAGE_TOO_NEW');
    expect(await database.query(`select version from schema_version`)).toEqual([
      { version: schemaVersion + 1 },
    ]);
    await database.close();
  });
});
