import type { Page } from '@playwright/test';

/** What a browser or another tab can do to the accounts' databases. */
export type StorageFault = 'full' | 'closed' | 'deleted' | 'upgraded' | 'refused';

declare global {
  var storageFaults: { begin(fault: StorageFault): Promise<void>; end(): Promise<void> };
}

/** Enables faults from the next page load on. Once `refused` begins, no account's database opens. */
export async function addStorageFaults(page: Page): Promise<void> {
  await page.addInitScript(injectFaults);
}

/** Runs in the page, before the app. */
function injectFaults(): void {
  const isOfAccount = (name: string) => name.startsWith('maia-co_');
  const { open } = IDBFactory.prototype;
  const { add, put } = IDBObjectStore.prototype;
  const connections = new Set<IDBDatabase>();
  /** Simulates the connection of a tab with a newer version, which has upgraded the database. */
  let newer: IDBDatabase | undefined;
  let isFull = false;
  let refusal: DOMException | undefined;

  IDBFactory.prototype.open = function (name, version) {
    if (refusal && isOfAccount(name)) throw refusal;
    const request = open.call(this, name, version);
    request.addEventListener('success', () => isOfAccount(name) && connections.add(request.result));
    return request;
  };
  /** Like a full disk: the transaction starts, and then aborts. */
  function orFull(write: typeof put): typeof put {
    return function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const { transaction } = this;
      if (isFull && isOfAccount(transaction.db.name) && !transaction.error) {
        Object.defineProperty(transaction, 'error', {
          value: new DOMException('no room', 'QuotaExceededError'),
        });
        queueMicrotask(() => transaction.abort());
      }
      return write.call(this, value, key);
    };
  }
  IDBObjectStore.prototype.add = orFull(add);
  IDBObjectStore.prototype.put = orFull(put);

  const ended = <T>(request: IDBRequest<T>) =>
    new Promise<void>((resolve, reject) => {
      request.addEventListener('success', () => resolve());
      request.addEventListener('error', () => reject(request.error ?? new Error('failed')));
    });
  const nameOf = () => {
    const [connection] = connections;
    if (!connection) throw new Error('No account has a database here.');
    return connection.name;
  };

  globalThis.storageFaults = {
    async begin(fault) {
      if (fault === 'full') isFull = true;
      if (fault === 'refused') refusal = new DOMException('not here', 'SecurityError');
      if (fault === 'closed') {
        // Without an event, as Safari does.
        for (const connection of connections) connection.close();
        refusal = new DOMException('not now', 'InvalidStateError');
      }
      if (fault === 'deleted') {
        const deleting = indexedDB.deleteDatabase(nameOf());
        refusal = new DOMException('not now', 'InvalidStateError');
        await ended(deleting);
      }
      if (fault === 'upgraded') {
        const request = open.call(indexedDB, nameOf(), 99);
        await ended(request);
        newer = request.result;
      }
    },
    async end() {
      isFull = false;
      refusal = undefined;
      if (!newer) return;
      // The version of this page can open only a newly created database.
      newer.close();
      await ended(indexedDB.deleteDatabase(newer.name));
    },
  };
}
