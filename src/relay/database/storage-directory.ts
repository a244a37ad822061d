import { access, chmod, constants, readdir } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { createPGliteDirectory } from './create-pglite-directory.ts';
import type { Database } from './database.ts';
import { lockDirectory, type DirectoryLock } from './directory/directory-lock.ts';
import { copyGeneration, findGeneration, generationPath } from './directory/generations.ts';
import { makeDirectory } from './directory/make-directory.ts';
import type { PGliteDatabase } from './pglite-database.ts';
import { openKeptDatabase, type KeptDatabaseOptions } from './upkeep/open-kept-database.ts';

// Operating systems put hidden files and `lost+found` into directories and volumes.
const relayFiles = /^(?:postgres(?:\.\d+)?|lock\.\d+|unfinished-\w+|lost\+found|\..*)$/;

/**
 * Locks the directory until `close`, and creates it if missing. Only the user that runs the relay can read it. Once another
 * process has taken the directory over, all writes reject.
 */
export async function openStorageDirectory(
  directory: string,
  logger: Logger,
  options: KeptDatabaseOptions = {},
  lockClock?: Clock,
): Promise<Database> {
  await prepareDirectory(directory);
  const lock = await lockDirectory(directory, logger, lockClock);
  try {
    const path = await prepareDatabase(directory, lock, logger);
    return fence(await openKeptDatabase(path, logger, options), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Looks at the lock after each commit, before anything is acknowledged. */
function fence(database: Database & Pick<PGliteDatabase, 'kill'>, lock: DirectoryLock): Database {
  async function confirmed<T>(commit: () => Promise<T>): Promise<T> {
    if (lock.loss) throw lock.loss;
    const result = await commit();
    await lock.confirm();
    return result;
  }

  return {
    ...database,
    write: (sql, parameters) => confirmed(() => database.write(sql, parameters)),
    transaction: (run) => confirmed(() => database.transaction(run)),
    onTakenOver(listener) {
      lock.onLost((error) => {
        // Nor may its upkeep write any more.
        void database.kill();
        listener(error);
      });
    },
    async close() {
      // Closing would write to files that another process may be copying.
      await (lock.loss ? database.kill() : database.close());
      await lock.release();
    },
  };
}

/** Resolves with the path of the database. Only the holder of the lock writes to it. */
async function prepareDatabase(directory: string, lock: DirectoryLock, logger: Logger): Promise<string> {
  const found = await findGeneration(directory);
  if (!found) {
    const path = generationPath(directory, lock.isContested ? lock.number : 0);
    logger.info?.('Creating the database, which takes a few seconds', { directory: path });
    await createPGliteDirectory(path);
    return path;
  }
  if (!(await hasVersionFile(found.path))) throw incomplete(found.path);
  if (!lock.isContested) return found.path;
  logger.warn(
    'The last relay on this storage directory may still run on another machine; continuing on a copy of its database',
  );
  return copyGeneration(directory, found.path, lock.number);
}

async function prepareDirectory(directory: string): Promise<void> {
  const foreign = await orUnusable(directory, async () => {
    await makeDirectory(directory);
    return findForeignFile(directory);
  });
  if (foreign !== undefined) {
    const why = `it contains other files, such as ${foreign}`;
    throw unusable(directory, why, 'Choose an empty directory, or one that does not exist yet.');
  }
  await orUnusable(directory, async () => {
    await access(directory, constants.W_OK);
    await chmod(directory, 0o700);
  });
}

/**
 * Without this file, PGlite would create an empty database over the remains of the old one. Throws RELAY_STORAGE_FAILED if
 * this user may not look.
 */
export async function hasVersionFile(postgres: string): Promise<boolean> {
  try {
    return (await readdir(postgres)).includes('PG_VERSION');
  } catch (cause) {
    throw createKernelError(
      'RELAY_STORAGE_FAILED',
      `The relay's database in ${postgres} cannot be read by this user. Nothing was changed. Make the user that runs the relay the owner of all its files, for example with chown -R.`,
      { cause },
    );
  }
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
    // Another directory would be empty, whatever is stored in this one.
    throw unusable(
      directory,
      'it is not a directory that this user may create and write to',
      'Grant write access to the user that runs the relay, for example with chown -R.',
      cause,
    );
  }
}

function unusable(directory: string, why: string, advice: string, cause?: unknown) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The relay cannot keep its storage in ${directory}: ${why}. ${advice}`,
    { cause },
  );
}
