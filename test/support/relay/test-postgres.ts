import { afterAll, describe } from 'vitest';
import {
  createPostgresDatabase,
  isPostgresRunning,
  postgresPlace,
  type PostgresDatabase,
} from '../postgres.ts';

const isRunning = await isPostgresRunning();
if (!isRunning && process.env['CI'] === 'true') {
  throw new Error(
    `No PostgreSQL answers at ${postgresPlace()}: start one, or set MAIA_TEST_POSTGRES to another address.`,
  );
}

/** Skips the tests, with a title that says why, if no PostgreSQL answers. */
export function describePostgres(name: string, describeTests: () => void): void {
  const reason = `, skipped: none answers at ${postgresPlace()}; MAIA_TEST_POSTGRES sets another address`;
  describe.skipIf(!isRunning)(isRunning ? name : name + reason, describeTests);
}

const databases: PostgresDatabase[] = [];
afterAll(async () => {
  for (const database of databases) await database.drop();
}, 60_000);

/** The URL of an empty database, which is dropped after the tests of the file. */
export async function createPostgres(): Promise<string> {
  const database = await createPostgresDatabase();
  databases.push(database);
  return database.url;
}
