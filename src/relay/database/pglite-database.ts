import { createKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';
import { inSchema } from './in-schema.ts';
import { readTemplate } from './pglite-template.ts';
import { startPGliteWorker, type PGliteWorker, type PGliteWorkerOptions } from './pglite-worker.ts';

/** That of a new database. */
const schema = 'public';

/** PGlite in a thread of this process, without persistence: its content is lost when the thread crashes. */
export async function openMemoryDatabase(options?: PGliteWorkerOptions): Promise<Database> {
  const { query, transaction, close } = await startPGliteWorker('memory://', {
    template: await readTemplate(),
    ...options,
  });
  return inSchema<Database>({ durability: 'none', query, write: query, transaction, close }, schema);
}

export interface PGliteDatabase extends Database, Pick<PGliteWorker, 'maintain'> {
  /** Ends the thread without writing to the directory any more. */
  kill(): Promise<void>;
}

/** Requires the directory's lock. PGlite never calls fsync: commits survive a process crash, but not a power failure. */
export async function openPGliteDatabase(
  directory: string,
  start: (location: string) => Promise<PGliteWorker> = (location) => startPGliteWorker(location),
): Promise<PGliteDatabase> {
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

  /** Reopens the database after its thread crashed or was stuck, as after a crash of the process. */
  async function liveWorker(): Promise<PGliteWorker> {
    if (!worker.hasEnded || isClosed) return worker;
    opening ??= open()
      .then((opened) => void (worker = opened))
      .finally(() => (opening = undefined));
    await opening;
    return worker;
  }

  const query: Query = async (sql, parameters) => (await liveWorker()).query(sql, parameters);
  const database: PGliteDatabase = {
    durability: 'process-crash',
    query,
    write: query,
    transaction: async (run) => (await liveWorker()).transaction(run),
    maintain: async (sql) => (await liveWorker()).maintain(sql),
    async close() {
      isClosed = true;
      await opening?.catch(() => {});
      await worker.close();
    },
    async kill() {
      isClosed = true;
      await opening?.catch(() => {});
      await worker.kill();
    },
  };
  return inSchema(database, schema);
}
