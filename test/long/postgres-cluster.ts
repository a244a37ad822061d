import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, onTestFinished } from 'vitest';
import { runStatement } from '../support/postgres.ts';
import { freePort } from '../support/relay/free-port.ts';
import { until } from '../support/until.ts';

/** A PostgreSQL server for one test. */
export interface PostgresCluster {
  readonly url: string;
  /** The duration of each start until the server answered. */
  readonly startsMs: readonly number[];
  start(): Promise<void>;
  /** Kills all of its processes with SIGKILL. */
  kill(): Promise<void>;
}

const programs = findPrograms();

/** Skips the tests, with a title that says why, if PostgreSQL's programs are not installed. In CI, throws instead. */
export function describeCluster(name: string, describeTests: () => void): void {
  if (programs === undefined && process.env['CI'] === 'true') {
    throw new Error('The tests need `initdb` and `postgres`, found by `pg_config --bindir`.');
  }
  const why = ', skipped: no `initdb` where `pg_config --bindir` says; install PostgreSQL to run it';
  describe.skipIf(programs === undefined)(programs === undefined ? name + why : name, describeTests);
}

/** Creates a server in a temporary folder on a free port with default settings. It is removed after the test. */
export async function createCluster(): Promise<PostgresCluster> {
  const user = unprivilegedUser();
  const directory = await mkdtemp(join(tmpdir(), 'maia-cluster-'));
  if (user) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await promisify(execFile)(program('initdb'), [...options, data], { ...user, cwd: directory });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const startsMs: number[] = [];
  let server: ChildProcess | undefined;
  let printed = '';

  async function kill(): Promise<void> {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    // A stopped server forks no processes during the lookup of its children.
    server.kill('SIGSTOP');
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    server.kill('SIGKILL');
    for (const pid of children.split(' ').filter(Boolean)) killOrGone(Number(pid));
    await exited;
  }

  function launch(): ChildProcess {
    const settings = ['-h', '127.0.0.1', '-p', String(port), '-k', directory];
    const child = spawn(program('postgres'), ['-D', data, ...settings], {
      ...user,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    printed = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-2_000)));
    server = child;
    return child;
  }

  onTestFinished(async () => {
    await kill();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    url,
    startsMs,
    kill,
    async start() {
      const startedAtMs = performance.now();
      let running = launch();
      await until(async () => {
        if (running.exitCode !== null) {
          // It starts only after the killed processes have ended.
          if (!printed.includes('is still in use')) throw new Error(`PostgreSQL did not start. ${printed}`);
          running = launch();
        }
        await runStatement('select 1', [], url);
      }, 30_000);
      startsMs.push(performance.now() - startedAtMs);
    },
  };
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function findPrograms(): string | undefined {
  try {
    const directory = execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
    execFileSync(join(directory, 'initdb'), ['--version']);
    return directory;
  } catch {
    // Not installed; the caller reports it.
    return undefined;
  }
}

function program(name: string): string {
  return join(programs ?? '', name);
}

/** Ignores processes that have ended already. */
function killOrGone(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
