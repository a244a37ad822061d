import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { startServer, type ServerCommand } from '../harness/server-process.ts';
import type { BenchContext } from '../harness/suite.ts';

export type OurKind = 'pglite' | 'postgres' | 'memory';
export const ourNames: Readonly<Record<OurKind, string>> = {
  pglite: 'ours on PGlite',
  postgres: 'ours on PostgreSQL',
  memory: 'ours in memory',
};
export const stockNames = {
  memory: 'stock cojson in memory',
  sqlite: 'stock cojson on SQLite (FULL)',
};
export const yjsNames = { yWebsocket: 'y-websocket (memory)', hocuspocus: 'Hocuspocus (memory)' };

/** How to start each server. Each command has storage of its own, which survives a restart unless it is in memory. */
export interface ServerCommands {
  ours(kind: OurKind): Promise<ServerCommand>;
  stock(kind: keyof typeof stockNames): ServerCommand;
  yjs(kind: keyof typeof yjsNames): ServerCommand;
}

/** Raised because a single machine simulates many clients. */
export const raisedLimits = [
  'connections=20000',
  'connectionsPerAddress=20000',
  'newConnectionsPerMinute=1000000',
  'bytesPerSecond=200000000',
].flatMap((limit) => ['--limit', limit]);

export function serverCommands(context: BenchContext): ServerCommands {
  const peer = (script: string, ...args: readonly string[]) => ({
    script: join(context.peersFolder, script),
    args,
  });
  const fresh = (name: string) => join(context.temporaryFolder, `${name}-${randomBytes(4).toString('hex')}`);

  return {
    async ours(kind) {
      const storage = {
        pglite: () => `pglite:${fresh('pglite')}`,
        memory: () => 'memory:',
        postgres: () => createDatabase(context),
      };
      return {
        script: context.relayScript,
        args: [...['--port', '0', '--storage', await storage[kind]()], ...raisedLimits],
      };
    },
    stock: (kind) => peer('stock-cojson.mjs', ...(kind === 'sqlite' ? [`${fresh('stock')}.sqlite`] : [])),
    yjs: (kind) => peer(kind === 'hocuspocus' ? 'hocuspocus.mjs' : 'y-websocket.mjs'),
  };
}

/** The same command on a PostgreSQL that waits 2 ms before each flush, as a slow disk would. */
export function slowFlush({ args = [], ...command }: ServerCommand): ServerCommand {
  return { ...command, args: args.map(withSlowFlush) };
}

function withSlowFlush(argument: string): string {
  if (!argument.startsWith('postgres:')) return argument;
  const url = new URL(argument);
  url.searchParams.set('options', '-c commit_delay=2000 -c commit_siblings=0');
  return url.href;
}

/** The server on which databases are created, as in the tests; its user must be allowed to create databases. */
const postgresUrl = process.env['MAIA_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** PostgreSQL's version, and the settings that decide what a commit survives. Undefined if no server answers. */
export async function describePostgres(): Promise<string | undefined> {
  try {
    const [{ version, fsync, commit } = {}] = await askPostgres(
      `select current_setting('server_version') as version, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as commit`,
    );
    return `${version} (fsync ${fsync}, synchronous_commit ${commit})`;
  } catch {
    return undefined;
  }
}

async function createDatabase(context: BenchContext): Promise<string> {
  const name = `maia_bench_${randomBytes(6).toString('hex')}`;
  await askPostgres(`create database ${name} encoding 'UTF8' template template0`);
  context.finally(() => askPostgres(`drop database if exists ${name} with (force)`));
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function askPostgres(
  sql: string,
  url = postgresUrl,
): Promise<readonly Record<string, string>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server that runs until the end of the suite. */
export async function startUntilEnd(context: BenchContext, command: ServerCommand) {
  const server = await startServer(command);
  context.finally(server.stop);
  return server;
}
