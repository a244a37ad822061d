import type { Page } from '@playwright/test';

/**
 * Rewrites the database of this page's account as the version before the ledger left it (`maia-<account>`, version 3).
 * That version marked CoValues with unconfirmed edits, in a database of cojson-storage-indexeddb if the account has one.
 */
export async function toVersionBefore(page: Page, unconfirmed: readonly string[]): Promise<void> {
  await page.evaluate(async (marked) => {
    const resultOf = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('The request failed.'));
      });
    const names = (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
    const name = names.find((one) => one.startsWith('maia-co_z')) ?? '';
    const stockName = names.find((one) => one.startsWith('maia-cojson-co_z'));

    const now = await resultOf(indexedDB.open(name));
    const read = async (store: string) => {
      const from = now.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([resultOf(from.getAllKeys()), resultOf(from.getAll())]);
      return keys.map((key, index) => [key, values[index]] as const);
    };
    const [sessionIDs, segments, deleted, relays] = [
      await read('session-ids'),
      await read('segments'),
      await read('deleted'),
      (await read('relay-records')) as (readonly [IDBValidKey, Record<string, unknown>])[],
    ];
    now.close();
    await resultOf(indexedDB.deleteDatabase(name));

    const opening = indexedDB.open(name, 3);
    opening.onupgradeneeded = () => {
      const db = opening.result;
      const ids = db.createObjectStore('session-ids', { keyPath: 'sessionID' });
      for (const [, record] of sessionIDs) ids.put(record);
      const content = db.createObjectStore('segments', { autoIncrement: true });
      content.createIndex('ids', 'ids', { multiEntry: true });
      for (const [key, segment] of segments) content.put(segment, key);
      const marks = db.createObjectStore('unconfirmed');
      if (stockName === undefined) for (const id of marked) marks.put(1, id);
      const gone = db.createObjectStore('deleted');
      for (const [key, value] of deleted) gone.put(value, key);
      const known = db.createObjectStore('relays');
      for (const [key, { storage, confirmed, losses }] of relays) {
        known.put({ storage, confirmed, ...(losses !== undefined && { losses }) }, key);
      }
      // Relays that this device used earlier.
      known.put({ storage: { id: 'other', epoch: 'e' }, losses: 1 }, 'wss://other.example/sync');
      known.put({}, 'wss://third.example/sync');
    };
    (await resultOf(opening)).close();

    if (stockName === undefined) return;
    const stock = await resultOf(indexedDB.open(stockName));
    const marks = stock.transaction('unsyncedCoValues', 'readwrite').objectStore('unsyncedCoValues');
    await resultOf(marks.clear());
    for (const coValueId of marked) await resultOf(marks.put({ coValueId, peerId: 'relay' }));
    stock.close();
  }, unconfirmed);
}

/** Everything in the database of this page's account, as text, and its version. */
export function readDatabase(page: Page): Promise<{ readonly version: number; readonly content: string }> {
  return page.evaluate(async () => {
    const resultOf = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('The request failed.'));
      });
    const { name = '' } =
      (await indexedDB.databases()).find((one) => one.name?.startsWith('maia-co_z')) ?? {};
    const db = await resultOf(indexedDB.open(name));
    const stores = [...db.objectStoreNames];
    const transaction = db.transaction(stores);
    const all = stores.map(async (store) => {
      const from = transaction.objectStore(store);
      return [store, ...(await Promise.all([resultOf(from.getAllKeys()), resultOf(from.getAll())]))];
    });
    const content = JSON.stringify(await Promise.all(all));
    const { version } = db;
    db.close();
    return { version, content };
  });
}
