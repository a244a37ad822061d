import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, describe } from 'vitest';

/** The server that the tests make their databases on; its user must be allowed to. */
const serverUrl = process.env['MAIA_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

const isThere = await answers();
if (!isThere && process.env['CI'] === 'true') {
  throw new Error(`The tests need a PostgreSQL at ${placeOf(serverUrl)}, or where MAIA_TEST_POSTGRES says.`);
}

/** Skipped, and named so, where no PostgreSQL answers. */
export function describePostgres(name: string, describeTests: () => void): void {
  const why = `, skipped: none answers at ${placeOf(serverUrl)}; MAIA_TEST_POSTGRES names another`;
  describe.skipIf(!isThere)(isThere ? name : name + why, describeTests);
}

const names: string[] = [];
afterAll(async () => {
  for (const name of names) await asServer(`drop database if exists ${name} with (force)`);
}, 60_000);

/** The address of an empty database, gone after the tests of the file. */
export async function createPostgres(): Promise<string> {
  const name = `maia_test_${randomBytes(6).toString('hex')}`;
  await asServer(`create database ${name} encoding 'UTF8' template template0`);
  names.push(name);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** One statement by a connection of its own. */
export async function asServer(sql: string, parameters: unknown[] = [], url = serverUrl): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function answers(): Promise<boolean> {
  return asServer('select 1').then(
    () => true,
    () => false,
  );
}

function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
