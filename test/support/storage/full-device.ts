import { deviceDatabase } from '../../../src/session/device/device-database.ts';

/**
 * The device's database with commits that fail as on a full disk. (CDP can lower Chromium's own limit, but Chromium relies
 * for a while on the free space that it measured before.)
 */
export function fullWhen(isFull: () => boolean): IDBFactory {
  return Object.assign(Object.create(indexedDB) as IDBFactory, {
    deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
    open(name: string, version: number) {
      const request = indexedDB.open(name, version);
      request.addEventListener('success', () => {
        if (name !== deviceDatabase.name) return;
        const db = request.result;
        const begin = db.transaction.bind(db);
        db.transaction = (...args) => {
          const transaction = begin(...args);
          if (isFull()) failOnPut(transaction);
          return transaction;
        };
      });
      return request;
    },
  });
}

function failOnPut(transaction: IDBTransaction): void {
  const objectStore = transaction.objectStore.bind(transaction);
  transaction.objectStore = (name) => {
    const store = objectStore(name);
    const put = store.put.bind(store);
    store.put = (...args) => {
      if (!transaction.error) {
        Object.defineProperty(transaction, 'error', {
          value: new DOMException('no room', 'QuotaExceededError'),
        });
        queueMicrotask(() => transaction.abort());
      }
      return put(...args);
    };
    return store;
  };
}
