import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { until } from '../../test/support/until.ts';
import { accountDatabase, stores } from './account-database.ts';
import { committed, committing, openDatabase } from './indexed-db.ts';
import { readPieces, type Segment } from './kernel/segments.ts';
import { ledgerStores, readStored } from './ledger/ledger-store.ts';

const database = accountDatabase('aborted');
let db: IDBDatabase;
let unhandled: unknown[];
const onUnhandled = (event: PromiseRejectionEvent) => {
  event.preventDefault();
  unhandled.push(event.reason);
};

beforeEach(async () => {
  const opened = await openDatabase(indexedDB, database);
  if (!opened) throw new Error('The database was not created.');
  db = opened;
  unhandled = [];
  addEventListener('unhandledrejection', onUnhandled);
});
afterEach(async () => {
  vi.restoreAllMocks();
  removeEventListener('unhandledrejection', onUnhandled);
  db.close();
  await createDatabases(indexedDB).delete(database.name);
});

/** Resolves once the browser has reported every rejection so far that nothing handles. */
async function untilReported(): Promise<void> {
  const last = new Error('the last one');
  void Promise.reject(last);
  await until(() => expect(unhandled).toContain(last));
  unhandled = unhandled.filter((reason) => reason !== last);
}

/** Resolves once the read has been rejected and its transaction has aborted. */
async function expectOneRejection(
  transaction: IDBTransaction,
  read: (transaction: IDBTransaction) => Promise<unknown>,
): Promise<void> {
  const aborted = new Promise((resolve) => transaction.addEventListener('abort', resolve));
  await expect(read(transaction)).rejects.toThrow();
  await aborted;
  await untilReported();
  expect(unhandled).toEqual([]);
}

it('a read of the ledger whose transaction aborts rejects once', () =>
  expectOneRejection(db.transaction(ledgerStores), (transaction) => {
    const reading = readStored(transaction);
    transaction.abort();
    return reading;
  }));

it('a read whose second request throws rejects once', async () => {
  const { getAllKeys } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, 'getAllKeys').mockImplementation(function (this: IDBObjectStore) {
    const request = getAllKeys.call(this);
    this.transaction.abort();
    return request;
  });
  await expectOneRejection(db.transaction(ledgerStores), readStored);
});

it('a read of several segments whose transaction aborts rejects once', async () => {
  const writing = db.transaction(stores.segments, 'readwrite');
  for (const pieces of ['[]', '[]', '[]'])
    writing.objectStore(stores.segments).add({ ids: ['co_z1'], pieces } satisfies Segment);
  await committed(writing);
  const transaction = db.transaction(stores.segments);
  const { get } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(function (this: IDBObjectStore, key) {
    queueMicrotask(() => transaction.abort());
    return get.call(this, key);
  });
  await expectOneRejection(transaction, () => readPieces(transaction, new Set(['co_z1'])));
});

it('a transaction that aborts before its function ends rejects once', async () => {
  const transaction = db.transaction(ledgerStores);
  await expectOneRejection(transaction, () =>
    committing(transaction, async () => {
      transaction.abort();
      await new Promise((resolve) => transaction.addEventListener('abort', resolve));
      await untilReported();
    }),
  );
});
