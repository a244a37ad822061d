import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** A server in its own process. */
export interface ServerProcess {
  /** Such as `http://127.0.0.1:4203`. */
  readonly url: string;
  readonly webSocketUrl: string;
  /** Memory after full collections, once the server is idle. */
  settledMemory(): Promise<Memory>;
  /** The processor time of all its threads since its start. */
  cpuMs(): Promise<number>;
  /** Stops it like an operator would; resolves when it is gone. */
  stop(): Promise<void>;
}

/** In bytes. */
export interface Memory {
  readonly rss: number;
  /** JavaScript's heap and the buffers outside it. */
  readonly held: number;
}

export interface ServerCommand {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const startWithinMs = 60_000;
/** After this time a server has finished its work for connections that just opened or closed. */
const settleMs = 300;
const stopWithinMs = 10_000;

/** One listener for all: Node warns of a leak above ten. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// Preloaded into the server: reports what it uses over a channel that does not keep it alive.
const probe = `data:text/javascript,${encodeURIComponent(`
  process.on('message', (asked) => {
    if (asked === 'cpu') {
      const { user, system } = process.cpuUsage();
      return process.send((user + system) / 1_000);
    }
    for (let times = 0; times < 3; times++) gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send({ rss, held: heapUsed + external });
  });
  process.channel.unref();
`)}`;

/** Starts a server that prints its address; works the same for all peers. Throws if it exits instead. */
export async function startServer({ script, args = [], env = {} }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--expose-gc', '--import', probe, ...profiling(), script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...env },
  });
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => running.delete(child));
  let printed = '';
  let complaint = '';
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (complaint = (complaint + text).slice(-2_000)));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => fail('did not start in time'), startWithinMs);
    function fail(what: string): void {
      child.kill('SIGKILL');
      reject(new Error(`${script} ${what}. ${complaint}`));
    }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const found = /answers on (http:\/\/[^\s,]+)/.exec(printed)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    void ended.then(() => {
      clearTimeout(timer);
      fail('ended');
    });
  });
  const killed = () => child.kill('SIGKILL');
  let isStopping = false;
  const ask = <T>(what: 'memory' | 'cpu') =>
    new Promise<T>((resolve, reject) => {
      child.once('message', (answer) => resolve(answer as T));
      child.send(what, (error) => {
        if (error) reject(error);
      });
    });
  void ended.then(() => {
    if (!isStopping) console.error(`${script} exited unexpectedly. ${complaint}`);
  });

  return {
    url,
    webSocketUrl: url.replace(/^http/, 'ws'),
    async settledMemory() {
      await pause(settleMs);
      return ask<Memory>('memory');
    },
    cpuMs: () => ask<number>('cpu'),
    async stop() {
      isStopping = true;
      const timer = setTimeout(killed, stopWithinMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}

/** MAIA_BENCH_PROFILE names a folder for a CPU profile of each server. */
function profiling(): readonly string[] {
  const folder = process.env['MAIA_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder];
}
