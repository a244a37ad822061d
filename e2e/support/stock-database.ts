import type { Page } from '@playwright/test';

export interface StockDatabase {
  /** Lets the kernel migrate it. */
  release(): Promise<void>;
}

/**
 * Creates a database of cojson-storage-indexeddb for this page's account with `count` CoValues, as an older
 * app version would leave it. The page's next load finds it, and another tab keeps it open until the test
 * releases it.
 */
export async function makeStockDatabase(page: Page, count: number): Promise<StockDatabase> {
  const tab = await page.context().newPage();
  await tab.goto(new URL('/icon.svg', page.url()).href);
  await tab.evaluate(async (coValues) => {
    const names = (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
    const accountID = /^maia-(co_z\w+)$/.exec(names.find((name) => name.startsWith('maia-co_z')) ?? '')?.[1];
    if (accountID === undefined) throw new Error('There is no account here.');
    const request = indexedDB.open(`maia-cojson-${accountID}`, 7);
    request.onupgradeneeded = () => {
      const { result: db } = request;
      const rows = { autoIncrement: true, keyPath: 'rowID' };
      const parts = { keyPath: ['ses', 'idx'] };
      const store = db.createObjectStore('coValues', rows);
      store.createIndex('coValuesById', 'id', { unique: true });
      db.createObjectStore('sessions', rows).createIndex('sessionsByCoValue', 'coValue');
      db.createObjectStore('transactions', parts);
      db.createObjectStore('signatureAfter', parts);
      db.createObjectStore('unsyncedCoValues', rows);
      db.createObjectStore('deletedCoValues', { keyPath: 'coValueID' });
      for (let n = 1; n <= coValues; n++) {
        const header = { type: 'comap', ruleset: { type: 'unsafeAllowAll' }, meta: null, uniqueness: n };
        store.add({ id: `co_zOld${n}`, header });
      }
    };
    await new Promise<void>((resolve, reject) => {
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
      request.onerror = () => reject(new Error('The database was not made.'));
    });
    await new Promise<void>((held) => {
      void navigator.locks.request(`maia/take-over/${accountID}`, () => {
        held();
        return new Promise(() => {});
      });
    });
  }, count);
  return { release: () => tab.close() };
}
