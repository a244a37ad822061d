import { systemClock, type Clock } from '../base/clock.ts';

// Wraps IndexedDB's events in promises, which reject with DOMExceptions.

export interface DatabaseShape {
  readonly name: string;
  /** Default: the current version. */
  readonly version?: number;
  /** Creates the stores of a new database or upgrades an older one. Without it, no database is created. */
  readonly make?: (db: IDBDatabase, transaction: IDBTransaction) => void;
}

/** A running tab closes its connection as soon as its pending transactions end. */
const blockedMs = 3_000;

/** A request behind another one that is blocked gets no event at all. */
const silentMs = 5_000;

/**
 * Resolves with `undefined` if the database does not exist and there is no `make`. The connection closes when another one
 * deletes or upgrades the database. Rejects if another tab, such as a frozen one, keeps blocking it.
 */
export function openDatabase(
  indexedDB: IDBFactory,
  { name, version, make }: DatabaseShape,
  clock: Clock = systemClock,
): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    // Some browsers throw here; the promise then rejects.
    const request = indexedDB.open(name, version);
    let isMissing = false;
    let hasGivenUp = false;
    const stopWaiting = limitWait(request, clock, () => {
      hasGivenUp = true;
      reject(blocked());
    });
    request.addEventListener('upgradeneeded', () => {
      stopWaiting();
      const { transaction } = request;
      if (make && transaction && !hasGivenUp) return make(request.result, transaction);
      isMissing = true;
      // Undoes the creation that opening has begun.
      transaction?.abort();
    });
    request.addEventListener('success', () => {
      const db = request.result;
      if (hasGivenUp) return db.close();
      db.addEventListener('versionchange', () => db.close());
      resolve(db);
    });
    request.addEventListener('error', () => {
      if (isMissing) resolve(undefined);
      else reject(request.error ?? unknownError());
    });
  });
}

/** 'blocked': another tab keeps it open. The browser deletes it once that tab closes it, if this tab still exists. */
export function deleteDatabase(
  indexedDB: IDBFactory,
  name: string,
  clock: Clock = systemClock,
): Promise<'deleted' | 'blocked'> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    limitWait(request, clock, () => resolve('blocked'));
    request.addEventListener('success', () => resolve('deleted'));
    request.addEventListener('error', () => reject(request.error ?? unknownError()));
  });
}

/** Calls `giveUp` if the request gets nowhere in time. Returns a function that ends the limit. */
function limitWait(request: IDBOpenDBRequest, clock: Clock, giveUp: () => void): () => void {
  let cancel = clock.after(silentMs, giveUp);
  const stop = () => cancel();
  request.addEventListener('blocked', () => {
    stop();
    cancel = clock.after(blockedMs, giveUp);
  });
  for (const end of ['success', 'error']) request.addEventListener(end, stop);
  return stop;
}

/** Rejects also if the browser never answers. */
export function resultOf<T>(request: IDBRequest<T>, clock: Clock = systemClock): Promise<T> {
  const result = heard<T>(clock, (resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? unknownError()));
  });
  // An abort fails all requests of a transaction, and only the first failure ends the wait for them.
  result.catch(() => {});
  return result;
}

/** Rejects after 20 s in which the page runs and neither function is called. */
function heard<T>(
  clock: Clock,
  listen: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let stepsLeft = 20;
    // In steps, because a page that was frozen must first hear what happened meanwhile.
    const step = () => {
      if (--stepsLeft > 0) cancel = clock.after(1_000, step);
      else reject(new DOMException('The browser’s database does not answer.', 'TimeoutError'));
    };
    let cancel = clock.after(1_000, step);
    const ended = <V>(settle: (value: V) => void) => {
      return (value: V) => {
        cancel();
        settle(value);
      };
    };
    listen(ended(resolve), ended(reject));
  });
}

/** Resolves once the whole transaction is on disk; rejects if none of it is. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? transactionAborted()));
  });
}

/** Runs inside the transaction and resolves once it is on disk. Rejects with the reason if it is not. */
export async function committing<T>(
  transaction: IDBTransaction,
  run: (transaction: IDBTransaction) => T | Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const outcome = committed(transaction);
  outcome.catch(() => {}); // It may come before `run` ends.
  const heardOutcome = () => heard<void>(clock, (resolve, reject) => void outcome.then(resolve, reject));
  let result: T;
  try {
    result = await run(transaction);
  } catch (error) {
    const reason = abort(transaction) ? error : transactionAborted();
    await heardOutcome().catch(() => {}); // Its reason is `transaction.error`, if there is one.
    throw transaction.error ?? reason;
  }
  await heardOutcome();
  return result;
}

/** False if the transaction had already ended, so that using it throws an error which is not the reason. */
function abort(transaction: IDBTransaction): boolean {
  try {
    transaction.abort();
    return true;
  } catch {
    return false;
  }
}

export function transactionAborted(): DOMException {
  return new DOMException('The transaction was aborted.', 'AbortError');
}

/** Its error name is one that no browser uses. */
function blocked(): DOMException {
  return new DOMException('Another tab holds the database open.', 'BlockedError');
}

export function unknownError(): DOMException {
  return new DOMException('', 'UnknownError');
}
