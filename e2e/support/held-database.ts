import type { Page } from '@playwright/test';

declare global {
  var letDatabaseGo: (() => void) | undefined;
}

/**
 * Another tab of the page's origin keeps a write transaction open on its accounts' databases, so that no
 * other transaction runs until it is released.
 */
export async function holdDatabase(page: Page): Promise<{ letGo(): Promise<void> }> {
  const tab = await page.context().newPage();
  await tab.goto(new URL('/held', page.url()).href);
  await tab.evaluate(async () => {
    let isHeld = true;
    globalThis.letDatabaseGo = () => void (isHeld = false);
    const names = (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
    for (const name of names.filter((each) => each.startsWith('maia-co_'))) {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('The database was not opened.'));
      });
      const stores = [...db.objectStoreNames];
      const [first] = stores;
      if (first === undefined) continue;
      const transaction = db.transaction(stores, 'readwrite');
      transaction.oncomplete = () => db.close();
      await new Promise<void>((held) => {
        // A transaction stays open while it has a pending request.
        const goOn = () => {
          held();
          if (isHeld) transaction.objectStore(first).count().onsuccess = goOn;
        };
        goOn();
      });
    }
  });
  return {
    async letGo() {
      await tab.evaluate(() => letDatabaseGo?.());
      await tab.close();
    },
  };
}
