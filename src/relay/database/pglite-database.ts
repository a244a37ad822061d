import { createKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';
import { startPGliteWorker, type PGliteWorker } from './pglite-worker.ts';

/** PostgreSQL in a thread of this process, with nothing on disk: gone when the thread crashes. */
export async function openMemoryDatabase(): Promise<Database> {
  const { query, transaction, close } = await startPGliteWorker('memory://');
  return { durability: 'none', query, write: query, transaction, close };
}

/**
 * Opens a database that `createPGliteDirectory` made. PGlite itself keeps no other process out: hold the directory's
 * lock. It never calls fsync either, so a commit survives this process and not the machine's power.
 */
export async function openPGliteDatabase(
  directory: string,
  start: (location: string) => Promise<PGliteWorker> = startPGliteWorker,
): Promise<Database> {
  let worker = await open();
  let opening: Promise<void> | undefined;
  let isClosed = false;

  async function open(): Promise<PGliteWorker> {
    try {
      return await start(directory);
    } catch (cause) {
      throw createKernelError(
        'RELAY_STORAGE_FAILED',
        `The relay's database in ${directory} could not be opened. Check that it is readable, whole and of this version; a backup can take its place.`,
        { cause },
      );
    }
  }

  /** After a crash of the thread the database is opened again, as after one of the process. */
  async function living(): Promise<PGliteWorker> {
    if (!worker.hasEnded || isClosed) return worker;
    opening ??= open()
      .then((opened) => void (worker = opened))
      .finally(() => (opening = undefined));
    await opening;
    return worker;
  }

  const query: Query = async (sql, parameters) => (await living()).query(sql, parameters);
  return {
    durability: 'process-crash',
    query,
    write: query,
    transaction: async (run) => (await living()).transaction(run),
    async close() {
      isClosed = true;
      await opening?.catch(() => {});
      await worker.close();
    },
  };
}
