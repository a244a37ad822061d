import { PGlite } from '@electric-sql/pglite';
import { createKernelError } from '../../platform/kernel-error.ts';
import type { Database, Query } from './database.ts';

/** PostgreSQL inside this process, with nothing on disk. */
export async function openMemoryDatabase(): Promise<Database> {
  return wrap(await PGlite.create('memory://'), 'none');
}

/**
 * Opens a database that `createPGliteDirectory` made. PGlite itself keeps no other process out: hold the directory's
 * lock. It never calls fsync either, so a commit survives this process and not the machine's power.
 */
export async function openPGliteDatabase(directory: string): Promise<Database> {
  try {
    return wrap(await PGlite.create(directory), 'process-crash');
  } catch (cause) {
    throw createKernelError(
      'RELAY_STORAGE_FAILED',
      `The relay's database in ${directory} could not be opened. Check that it is readable, whole and of this version; a backup can take its place.`,
      { cause },
    );
  }
}

function wrap(pglite: PGlite, durability: Database['durability']): Database {
  return {
    durability,
    query: queryOf(pglite),
    transaction: (run) => pglite.transaction((transaction) => run(queryOf(transaction))),
    close: () => pglite.close(),
  };
}

function queryOf(pglite: Pick<PGlite, 'query'>): Query {
  return async <Row>(sql: string, parameters: readonly unknown[] = []) =>
    (await pglite.query<Row>(sql, [...parameters])).rows;
}
