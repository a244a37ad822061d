import type { CDPSession, Page } from '@playwright/test';
import type { Evidence } from '../../../test/secrets/find-secrets.ts';
import type { Piece } from './read-deep.ts';

/** What a page stores and shows at this moment. */
export async function readPage(page: Page, cdp: CDPSession): Promise<readonly Evidence[]> {
  const { entries } = await cdp.send('Page.getNavigationHistory');
  const cookies = await page.context().cookies();
  return [
    { place: 'history entries', content: JSON.stringify(entries) },
    { place: 'cookies', content: JSON.stringify(cookies) },
    ...inPlace('localStorage', await page.evaluate(() => readDeep({ ...localStorage }))),
    ...inPlace('sessionStorage', await page.evaluate(() => readDeep({ ...sessionStorage }))),
    ...inPlace('cookies', await page.evaluate(() => readDeep(document.cookie))),
    ...inPlace('URL', await page.evaluate(() => readDeep([location.href, document.referrer, name]))),
    ...inPlace('history state', await page.evaluate(() => readDeep(history.state))),
    ...inPlace('page', await page.evaluate(readDocument)),
    ...inPlace('panel', await page.evaluate(readPanel)),
    ...inPlace('Cache', await page.evaluate(readCaches)),
    ...inPlace('IndexedDB', await page.evaluate(readDatabases)),
  ];
}

/** Turns pieces into evidence, whose place is `place`, a colon and the path inside. */
export function inPlace(place: string, pieces: readonly Piece[]): readonly Evidence[] {
  return pieces.map(({ path, text, base64 }) => ({
    place: `${place}: ${path}`,
    content: text ?? Buffer.from(base64 ?? '', 'base64'),
  }));
}

function readDocument(): Promise<Piece[]> {
  return readDeep([document.documentElement.outerHTML, document.body.innerText]);
}

function readPanel(): Promise<Piece[]> {
  const root = document.querySelector('maia-devtools')?.shadowRoot;
  if (!root) return Promise.resolve([]);
  const fields = [...root.querySelectorAll<HTMLInputElement>('input, textarea')];
  return readDeep([root.innerHTML, root.textContent, ...fields.map(({ value }) => value)]);
}

async function readCaches(): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      pieces.push(...(await readDeep([name, request, await cache.match(request)])));
    }
  }
  return pieces;
}

async function readDatabases(): Promise<Piece[]> {
  const settle = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error('A database cannot be read.', { cause: request.error }));
    });
  const pieces: Piece[] = [];
  for (const { name = '' } of await indexedDB.databases()) {
    const db = await settle(indexedDB.open(name));
    for (const storeName of db.objectStoreNames) {
      const store = db.transaction(storeName).objectStore(storeName);
      const [keys, values] = await Promise.all([settle(store.getAllKeys()), settle(store.getAll())]);
      const found = await readDeep([name, storeName, keys, values]);
      pieces.push(...found.map((piece) => ({ ...piece, path: `${name}/${storeName}${piece.path}` })));
    }
    db.close();
  }
  return pieces;
}
