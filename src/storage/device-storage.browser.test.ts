import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  describeDeviceStorage,
  nodeOn,
  watchDone,
} from '../../test/support/storage/device-storage-contract.ts';
import { openStorage, type KeptKind } from '../../test/support/storage/open-storage.ts';
import { accountDatabase } from './account-database.ts';
import type { KernelDeviceStorage } from './kernel-device-storage.ts';
import { openStock } from './stock/stock.ts';
import { until } from '../../test/support/until.ts';

const ends: (() => unknown)[] = [];
let count = 0;
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).reverse()) await end();
});

const newAccountID = () => `test-${Date.now()}-${count++}`;

async function openKind(kind: KeptKind, accountID: string): Promise<KernelDeviceStorage> {
  const storage = await openStorage(kind, accountID);
  ends.push(() => storage.close());
  return storage;
}

/** Aborts every write transaction while `isBroken()`, as a full disk does on commit. */
function breakCommits(isBroken: () => boolean, error?: DOMException): void {
  const real = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    ...args: Parameters<typeof real>
  ) {
    const transaction = real.apply(this, args);
    if (args[1] === 'readwrite' && isBroken()) {
      if (error) Object.defineProperty(transaction, 'error', { value: error });
      transaction.addEventListener('success', () => transaction.abort(), { once: true, capture: true });
    }
    return transaction;
  });
}

describe.each([
  { kind: 'cojson-indexeddb', version: 7, database: (id: string) => `maia-cojson-${id}` },
  {
    kind: 'kernel',
    version: accountDatabase('').version,
    database: (id: string) => accountDatabase(id).name,
  },
] as const)('$kind', ({ kind, version, database }) => {
  const open = (accountID = newAccountID()) => openKind(kind, accountID);

  describeDeviceStorage({
    open,
    failWrites(error) {
      let isBroken = true;
      breakCommits(() => isBroken, error);
      return () => void (isBroken = false);
    },
  });

  describe('a failing write', () => {
    it('[STORE-2] is not reported as done, appears in the status, and is done once writing works again', async () => {
      const storage = await open();
      const node = await nodeOn(storage);
      const group = node.createGroup();
      const done = watchDone(storage);
      let isBroken = true;
      breakCommits(() => isBroken);

      const map = group.createMap({ word: 'kept' });
      await until(() => expect(storage.status.current.state).toBe('failing'));
      expect(storage.status.current.error?.code).toBe('STORAGE_WRITE_FAILED');
      expect(done).toEqual([]);

      isBroken = false;
      await until(() => expect(done).toContain(map.id));
      expect(storage.status.current).toMatchObject({ kind, state: 'ok' });
    });

    it('survives a connection that the browser closed', async () => {
      const accountID = newAccountID();
      const storage = await open(accountID);
      const done = watchDone(storage);
      const node = await nodeOn(storage);
      const group = node.createGroup();
      await until(() => expect(done).toContain(group.id));
      // Upgrade from another connection, which makes the browser ask this one to close.
      const upgraded = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(database(accountID), version);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error('cannot open', { cause: request.error }));
      });
      upgraded.close();
      const real = IDBDatabase.prototype.transaction;
      let isClosed = true;
      vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args: Parameters<typeof real>
      ) {
        if (isClosed) {
          isClosed = false;
          this.close();
          this.dispatchEvent(new Event('close'));
        }
        return real.apply(this, args);
      });
      const map = group.createMap({ word: 'kept' });
      await until(() => expect(done).toContain(map.id));
      expect(storage.status.current.state).toBe('ok');
    });
  });
});

describe.each([
  { kind: 'cojson-indexeddb', database: (id: string) => `maia-cojson-${id}` },
  { kind: 'kernel', database: (id: string) => `maia-${id}` },
] as const)('a device without storage for $kind', ({ kind, database }) => {
  it('reports the reason and never reports a write as done', async () => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('not in a private window', 'SecurityError');
    });
    const storage = await openKind(kind, newAccountID());
    expect(storage.status.current).toMatchObject({
      kind: 'memory',
      state: 'memory-only',
      error: { code: 'STORAGE_UNAVAILABLE' },
    });
    const done = watchDone(storage);
    const node = await nodeOn(storage);
    const map = node.createGroup().createMap({ word: 'here' });
    await Promise.resolve();
    expect(map.get('word')).toBe('here');
    expect(done).toEqual([]);
  });

  it('[STORE-5] leaves a database of a newer version unchanged', async () => {
    const accountID = newAccountID();
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(database(accountID), 99);
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    const storage = await openKind(kind, accountID);
    expect(storage.status.current).toMatchObject({
      state: 'memory-only',
      error: { code: 'STORAGE_TOO_NEW' },
    });
  });
});

describe('private parts of cojson-storage-indexeddb', () => {
  it('are where this folder expects them', async () => {
    const stock = await openStock(`contract-${Date.now()}`, () => {});
    expect(stock.client.db).toBeInstanceOf(IDBDatabase);
    expect(stock.storeSingle).toBeTypeOf('function');
    expect(stock.api.knownStates.knownStates).toBeInstanceOf(Map);
    let transaction: unknown;
    await stock.client.transaction((tx) => {
      transaction = tx.tx.tx;
      return Promise.resolve();
    });
    expect(transaction).toBeInstanceOf(IDBTransaction);
    stock.client.db.close();
  });
});
