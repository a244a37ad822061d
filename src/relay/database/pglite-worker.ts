import { Worker } from 'node:worker_threads';
import type { Database, Query } from './database.ts';
import { workerScript } from './pglite-worker-script.ts';

/** PGlite in a thread of its own: within the relay's it would hold up every client for as long as a commit takes. */
export interface PGliteWorker extends Pick<Database, 'query' | 'transaction'> {
  /** Nothing asked of it is answered any more, and each request rejects. */
  readonly hasEnded: boolean;
  /** Safe to call twice, and on one that has ended. */
  close(): Promise<void>;
  /** Ends it as a crash does. */
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

/** `location` as PGlite has it. Rejects with what PGlite says when it cannot be opened. */
export async function startPGliteWorker(location: string): Promise<PGliteWorker> {
  const worker = new Worker(workerScript, {
    eval: true,
    workerData: { pglite: import.meta.resolve('@electric-sql/pglite'), location },
    // Options for the relay's thread, a module to load first for one, are not meant for this one.
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
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
  // Not before: until then it may still write.
  worker.on('exit', () => {
    end = new Error('The thread of the database has ended.', { cause: crash });
    for (const { reject } of waiting.values()) reject(end);
    waiting.clear();
  });

  function ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (end) return reject(end);
      const id = ++lastId;
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
      // Not waited for: the first query finds out whether it began, and one answer less is on its way.
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

/** With the code that PostgreSQL gave it; its other fields would repeat content. */
function asError({ message, stack, code }: NonNullable<Answer['error']>): Error {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
