import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { runStatement } from '../postgres.ts';
import { until } from '../until.ts';
import { freePort } from './free-port.ts';
import { describePostgres } from './test-postgres.ts';

export type PoolMode = 'session' | 'transaction';

const isInstalled = spawnSync('pgbouncer', ['--version']).status === 0;

/** Runs the tests in both modes. Skips them, with the reason in the title, if PgBouncer or PostgreSQL is missing. */
export function describePgBouncer(name: string, describeTests: (mode: PoolMode) => void): void {
  for (const mode of ['session', 'transaction'] as const) {
    const title = `${name} in ${mode} mode`;
    const describeMode = () => describeTests(mode);
    if (isInstalled) describePostgres(title, describeMode);
    else describe.skip(`${title}, skipped: it is not installed; apt-get install pgbouncer`, describeMode);
  }
}

/** Starts PgBouncer with its own defaults in front of a database, and returns the address of the pooled database. */
export async function startPgBouncer(
  databaseUrl: string,
  mode: PoolMode,
  connections: number,
): Promise<string> {
  const port = await freePort();
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  const login = password === '' ? '' : ` password=${decodeURIComponent(password)}`;
  const directory = await mkdtemp(join(tmpdir(), 'maia-pgbouncer-'));
  const file = join(directory, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${serverPort || 5432} user=${username}${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${connections}
`,
  );
  // PgBouncer refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chmod(directory, 0o755);
  const child = spawn('pgbouncer', [...(isRoot ? ['-u', 'nobody'] : []), file], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true });
  });
  const pooled = new URL(databaseUrl);
  pooled.host = `127.0.0.1:${port}`;
  await until(() => runStatement('select 1', [], pooled.href));
  return pooled.href;
}
