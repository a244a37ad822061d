import type { Clock } from '../base/clock.ts';

/** What IndexedDB tells in events, as promises. Rejections are its own DOMExceptions. */

export interface DatabaseShape {
  readonly name: string;
  /** None: the one that it has. */
  readonly version?: number;
  /** Makes the stores of a database that is not there yet, or is of an older version. Without it none is made. */
  readonly make?: (db: IDBDatabase, transaction: IDBTransaction) => void;
}

/** A tab that lives lets go at once, but for its transactions. */
const blockedMs = 3_000;

/**
 * `undefined` where there is none and none was to be made; looking leaves no trace. Closes where somebody deletes or
 * upgrades it. With a clock, rejects where another tab, such as a frozen one, holds an older version of it open for long.
 */
export function openDatabase(
  indexedDB: IDBFactory,
  { name, version, make }: DatabaseShape,
  clock?: Clock,
): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    // A browser may refuse the very call, which rejects.
    const request = indexedDB.open(name, version);
    let isMissing = false;
    let isGivenUp = false;
    request.addEventListener('blocked', () => {
      clock?.after(blockedMs, () => {
        isGivenUp = request.readyState === 'pending';
        if (isGivenUp) reject(blocked());
      });
    });
    request.addEventListener('upgradeneeded', () => {
      const { transaction } = request;
      if (make && transaction && !isGivenUp) return make(request.result, transaction);
      isMissing = true;
      // Opening has begun to make it; this takes it back.
      transaction?.abort();
    });
    request.addEventListener('success', () => {
      const db = request.result;
      if (isGivenUp) return db.close();
      db.addEventListener('versionchange', () => db.close());
      resolve(db);
    });
    request.addEventListener('error', () => {
      if (isMissing) resolve(undefined);
      else reject(request.error ?? unknownError());
    });
  });
}

/** Blocked by another tab that holds it open, it is deleted when that tab lets go, if this one is still there. */
export function deleteDatabase(indexedDB: IDBFactory, name: string): Promise<'deleted' | 'blocked'> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve('deleted'));
    request.addEventListener('blocked', () => resolve('blocked'));
    request.addEventListener('error', () => reject(request.error ?? unknownError()));
  });
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? unknownError()));
  });
}

/** Resolves when all of it is on the disk; rejects when none of it is. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? transactionAborted()));
  });
}

/** Runs in the transaction, and answers once all of it is on the disk. Rejects with why none of it is. */
export async function committing<T>(
  transaction: IDBTransaction,
  run: (transaction: IDBTransaction) => T | Promise<T>,
): Promise<T> {
  const outcome = committed(transaction);
  let result: T;
  try {
    result = await run(transaction);
  } catch (error) {
    abort(transaction);
    await outcome.catch(() => {}); // Why it was aborted stands in the transaction, or is `error`.
    throw transaction.error ?? error;
  }
  await outcome;
  return result;
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already, by the request that failed.
  }
}

export function transactionAborted(): DOMException {
  return new DOMException('The transaction was aborted.', 'AbortError');
}

/** No browser has this name: it only tells who waits that it has to go on waiting. */
function blocked(): DOMException {
  return new DOMException('Another tab holds the database open.', 'BlockedError');
}

export function unknownError(): DOMException {
  return new DOMException('', 'UnknownError');
}
