import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** A server in a process of its own. */
export interface ServerProcess {
  /** Such as `http://127.0.0.1:4203`. */
  readonly url: string;
  readonly webSocketUrl: string;
  /** After full collections, once it has nothing left to do. */
  settledMemory(): Promise<Memory>;
  /** Ends it as its operator would; resolves once it is gone. */
  stop(): Promise<void>;
}

/** In bytes. */
export interface Memory {
  readonly rss: number;
  /** What JavaScript holds: its heap, and the buffers outside of it. */
  readonly held: number;
}

export interface ServerCommand {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const startWithinMs = 60_000;
/** What a server still does for connections that were opened or closed just now is done after it. */
const settleMs = 300;
const stopWithinMs = 10_000;

/** One listener for all of them: Node warns of a leak when there are more than ten. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// Loaded ahead of the server: answers how much memory it holds, over a channel that does not keep it alive.
const memoryProbe = `data:text/javascript,${encodeURIComponent(`
  process.on('message', () => {
    for (let times = 0; times < 3; times++) gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send({ rss, held: heapUsed + external });
  });
  process.channel.unref();
`)}`;

/** Starts a server that prints where it answers; the same for all of them. Throws where it ends instead. */
export async function startServer({ script, args = [], env = {} }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', memoryProbe, ...profiling(), script, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...env },
    },
  );
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
  void ended.then(() => {
    if (!isStopping) console.error(`${script} ended by itself. ${complaint}`);
  });

  return {
    url,
    webSocketUrl: url.replace(/^http/, 'ws'),
    async settledMemory() {
      await pause(settleMs);
      return new Promise((resolve, reject) => {
        child.once('message', (memory) => resolve(memory as Memory));
        child.send('memory', (error) => {
          if (error) reject(error);
        });
      });
    },
    async stop() {
      isStopping = true;
      const timer = setTimeout(killed, stopWithinMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}

/** MAIA_BENCH_PROFILE names a folder that gets a CPU profile of each server. */
function profiling(): readonly string[] {
  const folder = process.env['MAIA_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder];
}
