import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A PostgreSQL that this machine may have. Another one is named by the variable. */
const server = process.env['MAIA_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** An empty database for one test; undefined where no PostgreSQL answers. */
export async function createPostgresDatabase(): Promise<
  { readonly url: string; drop(): Promise<void> } | undefined
> {
  const name = `maia_e2e_${randomBytes(6).toString('hex')}`;
  if (!(await run(`create database ${name}`))) return undefined;
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: async () => void (await run(`drop database ${name} with (force)`)) };
}

async function run(statement: string): Promise<boolean> {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
  } catch {
    return false; // No PostgreSQL, which the caller says.
  }
  try {
    await client.query(statement);
    return true;
  } finally {
    await client.end();
  }
}
