import type { Page } from '@playwright/test';

/**
 * Work on an account's database during which a test kills the page. An audit compares everything with a relay that has
 * lost data; it begins once `isAuditDue` is set.
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
  let calls = 0;
  let hasBegun = false;
  const isOfStock = work === 'stock migration' || work === 'writes of the stock migration';
  /** Those of the work whose end is followed. */
  const followed = new WeakSet<IDBTransaction>();

  function halt(call: string): void {
    const request = new XMLHttpRequest();
    request.open('POST', '/halted', false);
    request.send(call);
  }

  function count(call: string): void {
    if (++calls === number) halt(call);
  }

  const isRefill = (store: string, value: unknown) =>
    store === 'relay-records' && (value as { readonly refill?: boolean } | undefined)?.refill === true;

  /** Besides, only session IDs are written so durably. */
  const isOfMigration = (store: string, { durability, db }: IDBTransaction) =>
    durability === 'strict' && db.name.startsWith('maia-co_z') && store !== 'session-ids';

  function isOfWork(call: string, store: string, transaction: IDBTransaction, value: unknown): boolean {
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
        // Its first step notes that everything has to be compared.
        hasBegun ||= globalThis.isAuditDue === true && isRefill(store, value);
        return hasBegun;
    }
  }

  function called(call: string, store: string, transaction: IDBTransaction, value: unknown): void {
    if (!/^maia-(?:cojson-)?co_z/.test(transaction.db.name)) return;
    if (!isOfWork(call, store, transaction, value)) return;
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
    watch(IDBObjectStore.prototype, name, (store, [value]) =>
      called(name, store.name, store.transaction, value),
    );
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
