import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** The PostgreSQL server that tests create their databases on. */
const serverUrl = process.env['MAIA_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

export interface PostgresDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Where the tests look for PostgreSQL: host, port and database. */
export function postgresPlace(): string {
  const { host, pathname } = new URL(serverUrl);
  return host + pathname;
}

/** Creates an empty database. Rejects if no PostgreSQL server answers. */
export async function createPostgresDatabase(): Promise<PostgresDatabase> {
  const name = `maia_test_${randomBytes(6).toString('hex')}`;
  await runStatement(`create database ${name} encoding 'UTF8' template template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => void (await runStatement(`drop database if exists ${name} with (force)`)),
  };
}

export async function isPostgresRunning(): Promise<boolean> {
  return runStatement('select 1').then(
    () => true,
    () => false,
  );
}

/** Runs one statement on a new connection. */
export async function runStatement(
  sql: string,
  parameters: unknown[] = [],
  url = serverUrl,
): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as unknown[];
  } finally {
    await client.end();
  }
}
