import { createKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';
import { startPGliteWorker, type PGliteWorker } from './pglite-worker.ts';

/** PGlite in a thread of this process, without persistence: its content is lost when the thread crashes. */
export async function openMemoryDatabase(): Promise<Database> {
  const { query, transaction, close } = await startPGliteWorker('memory://');
  return { durability: 'none', query, write: query, transaction, close };
}

/** Requires the directory's lock. PGlite never calls fsync: commits survive a process crash, but not a power failure. */
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
        `The relay's database in ${directory} could not be opened. Check that it is readable, complete and in this version’s format, or restore a backup.`,
        { cause },
      );
    }
  }

  /** Reopens the database after a crash of its thread, as after a crash of the process. */
  async function liveWorker(): Promise<PGliteWorker> {
    if (!worker.hasEnded || isClosed) return worker;
    opening ??= open()
      .then((opened) => void (worker = opened))
      .finally(() => (opening = undefined));
    await opening;
    return worker;
  }

  const query: Query = async (sql, parameters) => (await liveWorker()).query(sql, parameters);
  return {
    durability: 'process-crash',
    query,
    write: query,
    transaction: async (run) => (await liveWorker()).transaction(run),
    async close() {
      isClosed = true;
      await opening?.catch(() => {});
      await worker.close();
    },
  };
}
