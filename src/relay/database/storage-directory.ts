import { access, chmod, constants, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { createPGliteDirectory } from './create-pglite-directory.ts';
import type { Database } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { openPGliteDatabase } from './pglite-database.ts';

// Hidden files and `lost+found` are what systems put into directories and volumes by themselves.
const ownFiles = /^(?:postgres|lock\.\d+|unfinished-\w+|lost\+found|\..*)$/;

/**
 * Opens the database in a directory of the relay's own, made where it is missing; no other process has it until
 * `close`. Readable only for the user that runs the relay.
 */
export async function openStorageDirectory(directory: string, logger: Logger): Promise<Database> {
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory, logger);
  try {
    const postgres = join(directory, 'postgres');
    if (!(await readdir(directory)).includes('postgres')) await createPGliteDirectory(postgres);
    else if (!(await hasVersionFile(postgres))) throw notWhole(postgres);
    const database = await openPGliteDatabase(postgres);
    return {
      ...database,
      async close() {
        await database.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function prepareDirectory(directory: string): Promise<void> {
  const foreign = await orUnusable(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return findForeignFile(directory);
  });
  if (foreign !== undefined) throw unusable(directory, `other files are in it, ${foreign} for one`);
  await orUnusable(directory, async () => {
    await access(directory, constants.W_OK);
    await chmod(directory, 0o700);
  });
}

/** Where this file is missing, PGlite makes an empty database in the place of what is left of the old one. */
export async function hasVersionFile(postgres: string): Promise<boolean> {
  return (await readdir(postgres)).includes('PG_VERSION');
}

function notWhole(postgres: string) {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The relay's database in ${postgres} is not whole: its file PG_VERSION is missing. Nothing was changed; put a backup in its place.`,
  );
}

/** A file in it that no relay makes. */
export async function findForeignFile(directory: string): Promise<string | undefined> {
  return (await readdir(directory)).find((name) => !ownFiles.test(name));
}

async function orUnusable<T>(directory: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw unusable(directory, 'it is not a directory that this user may write to', cause);
  }
}

function unusable(directory: string, why: string, cause?: unknown) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The relay cannot keep its storage in ${directory}: ${why}. Name an empty directory, or one that is not there yet.`,
    { cause },
  );
}
