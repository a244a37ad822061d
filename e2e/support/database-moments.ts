import type { Page } from '@playwright/test';

/**
 * Work on an account's database during which a test kills the page. An audit compares everything with a relay that has
 * lost data. All calls belong to it once `isAuditDue` is set, whatever the kernel writes first.
 */
export type DatabaseWork =
  | 'upgrade'
  | 'stock migration'
  | 'writes of the stock migration'
  | 'ledger compaction'
  | 'segment compaction'
  | 'audit';

declare global {
  /** Set before the page connects to a relay that has lost data. */
  var isAuditDue: boolean | undefined;
  /** The calls of the work so far. */
  var callsOfWork: number | undefined;
}

/**
 * Makes the page's next load halt before this call to IndexedDB of the work, counted from 1, or at the latest once the
 * work's transaction is on disk. Returns a function that tells before which call the page halts, if it does.
 */
export async function haltAt(
  page: Page,
  work: DatabaseWork,
  number: number,
): Promise<() => string | undefined> {
  let call: string | undefined;
  // Never answered, so the page does nothing more.
  await page.route('**/halted', (route) => void (call = route.request().postData() ?? ''));
  await page.addInitScript(haltDuring, { work, number });
  return () => call;
}

/** Runs in the page, before the app. */
function haltDuring({ work, number }: { readonly work: DatabaseWork; readonly number: number }): void {
  const isOfStock = work === 'stock migration' || work === 'writes of the stock migration';
  /** Those of the work whose end is followed. */
  const followed = new WeakSet<IDBTransaction>();

  let calls = 0;

  function halt(call: string): void {
    const request = new XMLHttpRequest();
    request.open('POST', '/halted', false);
    request.send(call);
  }

  function count(call: string): void {
    globalThis.callsOfWork = ++calls;
    if (calls === number) halt(call);
  }

  /** Besides, only session IDs are written so durably. */
  const isOfMigration = (store: string, { durability, db }: IDBTransaction) =>
    durability === 'strict' && db.name.startsWith('maia-co_z') && store !== 'session-ids';

  function isOfWork(call: string, store: string, transaction: IDBTransaction): boolean {
    const { mode, db } = transaction;
    switch (work) {
      case 'upgrade':
        return mode === 'versionchange';
      case 'stock migration':
        return isOfMigration(store, transaction) || db.name.startsWith('maia-cojson-');
      case 'writes of the stock migration':
        return isOfMigration(store, transaction) && ['add', 'put', 'delete'].includes(call);
      case 'ledger compaction':
        return followed.has(transaction) || (store === 'ledger' && call === 'clear');
      case 'segment compaction':
        return (
          followed.has(transaction) || (store === 'segments' && mode === 'readwrite' && call === 'getAllKeys')
        );
      case 'audit':
        return globalThis.isAuditDue === true;
    }
  }

  function called(call: string, store: string, transaction: IDBTransaction): void {
    if (!/^maia-(?:cojson-)?co_z/.test(transaction.db.name)) return;
    if (!isOfWork(call, store, transaction)) return;
    if (!followed.has(transaction) && work !== 'audit' && work !== 'stock migration') {
      // The migration has several transactions.
      const end = isOfStock ? count : halt;
      transaction.addEventListener('complete', () => end('complete'));
    }
    followed.add(transaction);
    count(`${call} ${store}`);
  }

  /** Calls `before` before each call of the method. */
  function watch<T extends object>(
    prototype: T,
    name: keyof T & string,
    before: (self: T, args: readonly unknown[]) => void,
  ): void {
    const real = prototype[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      value(this: T, ...args: unknown[]) {
        before(this, args);
        return real.apply(this, args);
      },
    });
  }

  for (const name of [
    'add',
    'put',
    'delete',
    'clear',
    'get',
    'getAll',
    'getAllKeys',
    'count',
    'openCursor',
  ] as const) {
    watch(IDBObjectStore.prototype, name, (store) => called(name, store.name, store.transaction));
  }
  watch(IDBFactory.prototype, 'open', (_, [name, version]) => {
    if (isOfStock && String(name).startsWith('maia-cojson-') && version !== undefined) count('open');
  });
  watch(IDBFactory.prototype, 'deleteDatabase', (_, [name]) => {
    if (isOfStock && String(name).startsWith('maia-cojson-')) count('deleteDatabase');
  });
  for (const name of ['createObjectStore', 'deleteObjectStore'] as const) {
    watch(IDBDatabase.prototype, name, ({ name: database }, [store]) => {
      if (work === 'upgrade' && /^maia-co_z/.test(database)) count(`${name} ${String(store)}`);
    });
  }
}

/** In the page's next load, a comparison that begins once `isAuditDue` is set waits forever for the list of what is stored. */
export async function stallAudit(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const real = IDBObjectStore.prototype.getAllKeys;
    Object.defineProperty(IDBObjectStore.prototype, 'getAllKeys', {
      value(this: IDBObjectStore, ...args: Parameters<typeof real>) {
        const isListing = this.name === 'segments' && this.transaction.mode === 'readonly';
        return globalThis.isAuditDue && isListing ? new EventTarget() : real.apply(this, args);
      },
    });
  });
}

/** Runs in the page. How many losses of data this device has noted of its relays, after all that it has begun to write of them. */
export async function readLosses(): Promise<number> {
  const resultOf = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('The request failed.'));
    });
  const { name = '' } = (await indexedDB.databases()).find(({ name }) => /^maia-co_z/.test(name ?? '')) ?? {};
  let losses = 0;
  // The kernel opens the database for each write, too, so this takes several turns behind it.
  for (let turn = 0; turn < 20; turn++) {
    const db = await resultOf(indexedDB.open(name));
    const records = db.transaction('relay-records', 'readwrite').objectStore('relay-records').getAll();
    const relays = await resultOf(records as IDBRequest<{ readonly losses?: number }[]>);
    losses = relays.reduce((sum, { losses = 0 }) => sum + losses, 0);
    db.close();
  }
  return losses;
}

/** Runs in the page. How many records a store of the account's database has. */
export async function countRecords(store: string): Promise<number> {
  const { name = '' } = (await indexedDB.databases()).find(({ name }) => /^maia-co_z/.test(name ?? '')) ?? {};
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const counting = opening.result.transaction(store).objectStore(store).count();
      counting.onsuccess = () => {
        opening.result.close();
        resolve(counting.result);
      };
    };
    opening.onerror = () => reject(opening.error ?? new Error('The database cannot be opened.'));
  });
}
