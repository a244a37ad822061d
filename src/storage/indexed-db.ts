/** What IndexedDB tells in events, as promises. Rejections are its own DOMExceptions. */

export interface DatabaseShape {
  readonly name: string;
  /** None: the one that it has. */
  readonly version?: number;
  /** Makes the stores of a database that is not there yet. Without it none is made. */
  readonly make?: (db: IDBDatabase) => void;
}

/** `undefined` where there is none and none was to be made; looking leaves no trace. Closes where somebody deletes or upgrades it. */
export function openDatabase(
  indexedDB: IDBFactory,
  { name, version, make }: DatabaseShape,
): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    // A browser may refuse the very call, which rejects.
    const request = indexedDB.open(name, version);
    let isMissing = false;
    request.addEventListener('upgradeneeded', () => {
      if (make) return make(request.result);
      isMissing = true;
      // Opening has begun to make it; this takes it back.
      request.transaction?.abort();
    });
    request.addEventListener('success', () => {
      const db = request.result;
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

export function unknownError(): DOMException {
  return new DOMException('', 'UnknownError');
}
