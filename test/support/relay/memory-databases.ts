import { afterAll } from 'vitest';
import { defaultStatementMs, type Database } from '../../../src/relay/database/database.ts';
import { openMemoryDatabase } from '../../../src/relay/database/pglite-database.ts';
import type { PGliteWorkerOptions } from '../../../src/relay/database/pglite-worker.ts';
import { memoryTemplate } from './temporary-storage.ts';

/** Of relays that have closed, empty again: starting another one takes two seconds of processor time. */
const unused: Database[] = [];
afterAll(async () => {
  for (const database of unused.splice(0)) await database.close();
});

/** An empty database in memory, which may have served another relay of this test file. */
export async function openEmptyDatabase(options: PGliteWorkerOptions): Promise<Database> {
  const open = async () => openMemoryDatabase({ ...options, template: await memoryTemplate() });
  // Another limit, or another clock, belongs to one test.
  if (options.statementMs !== defaultStatementMs || options.clock) return open();
  const database = unused.pop() ?? (await open());
  let transactions = 0;
  let isClosed = false;

  function refuseIfClosed(): void {
    if (isClosed) throw new Error('The database is closed.');
  }

  return {
    ...database,
    async query(...statement) {
      refuseIfClosed();
      return database.query(...statement);
    },
    async write(...statement) {
      refuseIfClosed();
      return database.write(...statement);
    },
    async transaction(...run) {
      refuseIfClosed();
      transactions++;
      try {
        return await database.transaction(...run);
      } finally {
        transactions--;
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      // One that its test holds open never ends.
      if (transactions > 0) return database.close();
      try {
        await empty(database);
        unused.push(database);
      } catch {
        // Its thread has crashed.
        await database.close();
      }
    },
  };
}

async function empty({ query }: Database): Promise<void> {
  const schemas = await query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  );
  for (const { name } of schemas) await query(`drop schema "${name}" cascade`);
  await query('create schema public');
  // Not `discard all`, which ends prepared statements, too.
  for (const what of [
    'reset all',
    'close all',
    'select pg_advisory_unlock_all()',
    'discard temp',
    'discard sequences',
  ])
    await query(what);
}
