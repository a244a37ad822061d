import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished } from 'vitest';
import { until } from '../support/until.ts';
import { answers } from '../support/relay/test-nats.ts';
import { freePort } from '../support/relay/free-port.ts';

/** A NATS server for one test. */
export interface NatsProcess {
  readonly url: string;
  start(): Promise<void>;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
}

const program = findProgram();

/** Skips the tests, with the reason in the title, if `nats-server` is not installed. In CI, throws instead. */
export function describeNatsProcess(name: string, describeTests: () => void): void {
  if (program === undefined && process.env['CI'] === 'true') throw new Error('The tests need `nats-server`.');
  const why = ', skipped: no `nats-server` in PATH; install NATS to run it';
  describe.skipIf(program === undefined)(program === undefined ? name + why : name, describeTests);
}

/** A server on a free port. It ends with the test. */
export async function createNatsProcess(): Promise<NatsProcess> {
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;

  async function kill(): Promise<void> {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  onTestFinished(kill);
  return {
    url,
    kill,
    async start() {
      server = spawn(program ?? '', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
      await until(async () => expect(await answers(new URL(url))).toBe(true));
    },
  };
}

function findProgram(): string | undefined {
  for (const name of ['nats-server', '/usr/sbin/nats-server']) {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // Not here. Debian installs it outside of the PATH of most users.
    }
  }
  return undefined;
}
