import { Worker } from 'node:worker_threads';
import type { Database, Query } from './database.ts';
import { workerScript } from './pglite-worker-script.ts';

/** PGlite in its own thread: in the thread of the relay, each commit would block all clients. */
export interface PGliteWorker extends Pick<Database, 'query' | 'transaction'> {
  /** True once the worker has ended; every request then rejects. */
  readonly hasEnded: boolean;
  /** Safe to call twice, and after the worker has ended. */
  close(): Promise<void>;
  /** Terminates the worker, as a crash would. */
  kill(): Promise<void>;
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

/** `location` is in the format of PGlite. Rejects with the error of PGlite if it cannot be opened. */
export async function startPGliteWorker(location: string): Promise<PGliteWorker> {
  const worker = new Worker(workerScript, {
    eval: true,
    workerData: { pglite: import.meta.resolve('@electric-sql/pglite'), location },
    // Options of the relay's thread, such as a preloaded module, must not apply to this one.
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  let lastID = 0;
  let lastTransaction = 0;
  let crash: unknown;
  let end: Error | undefined;
  let closing: Promise<void> | undefined;

  worker.on('message', ({ id, result, error }: Answer) => {
    const request = waiting.get(id);
    waiting.delete(id);
    if (error) request?.reject(asError(error));
    else request?.resolve(result);
  });
  worker.on('error', (error) => (crash = error));
  // Reject only on exit: until then, the thread may still write.
  worker.on('exit', () => {
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
    });
  }

  function queryIn(transaction?: number): Query {
    return async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await ask({ kind: 'query', transaction, sql, parameters })) as readonly Row[];
  }

  async function close(): Promise<void> {
    try {
      if (!end) await ask({ kind: 'close' });
    } finally {
      await worker.terminate();
    }
  }

  await new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }));
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
