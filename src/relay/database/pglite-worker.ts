import { Worker } from 'node:worker_threads';
import { systemClock, type Clock } from '../../base/clock.ts';
import { defaultStatementMs, type Database, type Query } from './database.ts';
import { workerScript } from './pglite-worker-script.ts';
import { watchStatements } from './statement-watch.ts';

/** PGlite in its own thread: in the thread of the relay, each commit would block all clients. */
export interface PGliteWorker extends Pick<Database, 'query' | 'transaction'> {
  /** Runs a statement that may take far longer than others, such as VACUUM. */
  maintain(sql: string): Promise<void>;
  /** True once the worker has ended; every request then rejects. */
  readonly hasEnded: boolean;
  /** Safe to call twice, and after the worker has ended. */
  close(): Promise<void>;
  /** Terminates the worker, as a crash would. */
  kill(): Promise<void>;
}

export interface PGliteWorkerOptions {
  /** A statement that takes longer ends the worker. */
  readonly statementMs?: number | undefined;
  readonly clock?: Clock;
  /** What a database in memory begins with, from `dumpDataDir`. Created otherwise. */
  readonly template?: Uint8Array | undefined;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly stack?: string; readonly code?: string };
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The limit for opening, which may create a database or recover a long log, and for VACUUM of a large table. */
const longWorkMs = 300_000;
const pingsPerLimit = 3;

/** `location` is in the format of PGlite. Rejects with the error of PGlite if it cannot be opened. */
export async function startPGliteWorker(
  location: string,
  { statementMs = defaultStatementMs, clock = systemClock, template }: PGliteWorkerOptions = {},
): Promise<PGliteWorker> {
  const worker = new Worker(workerScript, {
    eval: true,
    workerData: { pglite: import.meta.resolve('@electric-sql/pglite'), location, template },
    // Options of the relay's thread, such as a preloaded module, must not apply to this one.
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  let lastID = 0;
  let lastTransaction = 0;
  let crash: unknown;
  let end: Error | undefined;
  let closing: Promise<void> | undefined;
  /** How many works are under way that may take longer. Opening is the first. */
  let longWorks = 1;
  const limitMs = () => (longWorks > 0 ? Math.max(longWorkMs, statementMs) : statementMs);

  const watch = watchStatements({
    limitMs,
    isWaiting: () => waiting.size > 0,
    ping: () => worker.postMessage({ kind: 'ping' }),
    overdue() {
      crash ??= new Error(`A statement took longer than ${limitMs()} ms.`);
      void worker.terminate();
    },
    clock,
    pingEveryMs: statementMs / pingsPerLimit,
  });

  worker.on('message', ({ id, result, error }: Answer) => {
    watch.heard();
    const request = waiting.get(id);
    waiting.delete(id);
    if (error) request?.reject(asError(error));
    else request?.resolve(result);
  });
  worker.on('error', (error) => (crash = error));
  // Reject only on exit: until then, the thread may still write.
  worker.on('exit', () => {
    watch.stop();
    end = new Error('The database thread has ended.', { cause: crash });
    for (const { reject } of waiting.values()) reject(end);
    waiting.clear();
  });

  function ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (end) return reject(end);
      const id = ++lastID;
      worker.postMessage({ ...request, id });
      waiting.set(id, { resolve, reject });
      watch.asked();
    });
  }

  function queryIn(transaction?: number): Query {
    return async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await ask({ kind: 'query', transaction, sql, parameters })) as readonly Row[];
  }

  async function close(): Promise<void> {
    try {
      if (!end) await ask({ kind: 'close' });
    } catch (error) {
      // A thread that ended meanwhile is closed, too: commits survive its crash.
      if (!end) throw error;
    } finally {
      await worker.terminate();
    }
  }

  watch.asked();
  await new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }));
  longWorks--;
  return {
    get hasEnded() {
      return end !== undefined;
    },
    query: queryIn(),
    async transaction<T>(run: (query: Query) => Promise<T>) {
      const transaction = ++lastTransaction;
      // Not awaited, to save a round trip: the first query rejects if the transaction did not begin.
      ask({ kind: 'begin', transaction }).catch(() => {});
      let result: T;
      try {
        result = await run(queryIn(transaction));
      } catch (error) {
        await ask({ kind: 'end', transaction, commits: false }).catch(() => {});
        throw error;
      }
      await ask({ kind: 'end', transaction, commits: true });
      return result;
    },
    async maintain(sql) {
      longWorks++;
      try {
        await ask({ kind: 'query', sql, parameters: [] });
      } finally {
        longWorks--;
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
    kill: async () => void (await worker.terminate()),
  };
}

/** Keeps the code from PostgreSQL, but not the other fields, which would repeat content. */
function asError({ message, stack, code }: NonNullable<Answer['error']>): Error {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
