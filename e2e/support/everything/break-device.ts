import type { Page } from '@playwright/test';

/** Corrupts a few letters of each sealed seed on this device. */
export async function damageVaults(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('maia-device');
        request.onerror = () => reject(new Error('The database was not opened.'));
        request.onsuccess = () => {
          const transaction = request.result.transaction('vaults', 'readwrite');
          const walk = transaction.objectStore('vaults').openCursor();
          walk.onsuccess = () => {
            const cursor = walk.result;
            if (!cursor) return;
            const { sealed, ...vault } = cursor.value as { readonly sealed: { readonly data: string } };
            cursor.update({ ...vault, sealed: { ...sealed, data: `AAAA${sealed.data.slice(4)}` } });
            cursor.continue();
          };
          transaction.oncomplete = () => {
            request.result.close();
            resolve();
          };
        };
      }),
  );
}

/** Until the page is reloaded, the device has no space for a vault. */
export async function refuseVaults(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: [unknown, IDBValidKey?]) {
      if (this.name === 'vaults') throw new DOMException('There is no room.', 'QuotaExceededError');
      return put.apply(this, args);
    };
  });
}

/** The device has no space for content until the returned function is called. */
export async function fillStorage(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function (this: IDBObjectStore, ...args: [unknown, IDBValidKey?]) {
      if (this.name === 'segments') throw new DOMException('There is no room.', 'QuotaExceededError');
      return add.apply(this, args);
    };
    addEventListener('room-again', () => (IDBObjectStore.prototype.add = add), { once: true });
  });
  return () => page.evaluate(() => void dispatchEvent(new Event('room-again')));
}
