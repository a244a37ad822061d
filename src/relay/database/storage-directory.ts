import { access, chmod, constants, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { createPGliteDirectory } from './create-pglite-directory.ts';
import type { Database } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { openPGliteDatabase } from './pglite-database.ts';

// Operating systems put hidden files and `lost+found` into directories and volumes.
const relayFiles = /^(?:postgres|lock\.\d+|unfinished-\w+|lost\+found|\..*)$/;

/** Locks the directory until `close`, and creates it if missing. Only the user that runs the relay can read it. */
export async function openStorageDirectory(directory: string, logger: Logger): Promise<Database> {
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory, logger);
  try {
    const postgres = join(directory, 'postgres');
    if (!(await readdir(directory)).includes('postgres')) await createPGliteDirectory(postgres);
    else if (!(await hasVersionFile(postgres))) throw incomplete(postgres);
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
  if (foreign !== undefined) throw unusable(directory, `it contains other files, such as ${foreign}`);
  await orUnusable(directory, async () => {
    await access(directory, constants.W_OK);
    await chmod(directory, 0o700);
  });
}

/** Without this file, PGlite would create an empty database over the remains of the old one. */
export async function hasVersionFile(postgres: string): Promise<boolean> {
  return (await readdir(postgres)).includes('PG_VERSION');
}

function incomplete(postgres: string) {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The relay's database in ${postgres} is incomplete: its file PG_VERSION is missing. Nothing was changed. Restore a backup.`,
  );
}

/** Finds a file that does not belong to a relay. */
export async function findForeignFile(directory: string): Promise<string | undefined> {
  return (await readdir(directory)).find((name) => !relayFiles.test(name));
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
    `The relay cannot keep its storage in ${directory}: ${why}. Choose an empty directory, or one that does not exist yet.`,
    { cause },
  );
}
