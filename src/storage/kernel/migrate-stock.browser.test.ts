import { LocalNode, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { systemClock } from '../../base/clock.ts';
import { openStorage, type KeptKind } from '../../testing/open-storage.ts';
import type { NewContent } from '../content.ts';
import type { DeviceStorage } from '../device-storage.ts';
import { takeOverStock } from './migrate-stock.ts';

const databases = createDatabases(indexedDB);
let accountID: string;
let ids: readonly RawCoID[];
beforeEach(() => {
  accountID = `take-over-${crypto.randomUUID()}`;
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const name of [`maia-${accountID}`, `maia-cojson-${accountID}`]) await databases.delete(name);
});

async function on<T>(kind: KeptKind, run: (storage: DeviceStorage) => T | Promise<T>): Promise<T> {
  const storage = await openStorage(kind, accountID);
  try {
    return await run(storage);
  } finally {
    await storage.close();
  }
}

/** What an app has kept with stock cojson: small things, a long history, something that no relay has, and something deleted. */
async function writeStock(count: number): Promise<void> {
  await on('cojson-indexeddb', async (storage) => {
    const wasm = await WasmCrypto.create();
    const secret = wasm.newRandomAgentSecret();
    const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
    node.setStorage(storage);
    const group = node.createGroup();
    const maps = Array.from({ length: count }, (_, n) => group.createMap({ n }));
    const [long, waiting, gone] = [group.createMap(), group.createMap(), group.createMap({ a: 1 })];
    // Long enough for signatures within the session.
    for (let n = 0; n < 8; n++) long.set('text', `${n}${'x'.repeat(60_000)}`, 'trusting');
    storage.trackCoValuesSyncState([{ id: waiting.id, peerId: 'maia-unconfirmed', synced: false }]);
    await Promise.resolve(); // cojson hands edits to the storage in a microtask.
    gone.core.deleteCoValue();
    await Promise.resolve();
    ids = [group, ...maps, long, waiting, gone].map(({ id }) => id);
  });
}

/** Resolves once it is stored. */
async function writeOne(storage: DeviceStorage): Promise<RawCoID> {
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const group = node.createGroup();
  await storage.waitForSync(group.id, group.core);
  return group.id;
}

/** All that a storage hands out of each, as text, however many pieces it comes in. */
async function contentIn(kind: KeptKind): Promise<ReadonlyMap<RawCoID, string>> {
  return on(kind, async (storage) => {
    const all = new Map<RawCoID, string>();
    for (const id of ids) {
      const pieces: NewContent[] = [];
      await new Promise((resolve) =>
        storage.load(id, (content) => void (content.id === id && pieces.push(content)), resolve),
      );
      const sessions = pieces.flatMap((piece) => Object.entries(piece.new));
      const bySession: Record<string, { readonly transactions: unknown[]; last?: string }> = {};
      for (const [sessionID, { newTransactions, lastSignature }] of sessions) {
        const session = (bySession[sessionID] ??= { transactions: [] });
        session.transactions.push(...newTransactions);
        session.last = lastSignature;
      }
      // A long history comes in pieces, which end where a signature is kept.
      const isLong = pieces.length > 1;
      all.set(id, JSON.stringify({ header: pieces[0]?.header, bySession, isLong }));
    }
    return all;
  });
}

const takeOver = (progress: (at: { readonly done: number; readonly total: number }) => void = () => {}) =>
  takeOverStock({ indexedDB, accountID, clock: systemClock, signal: new AbortController().signal, progress });
const unconfirmed = () =>
  on('kernel', (storage) => new Promise((resolve) => storage.getUnsyncedCoValueIDs(resolve)));
const isStockThere = async () => (await databases.names()).includes(`maia-cojson-${accountID}`);

it('moves every byte, with what is unconfirmed and what is to be erased, and removes the old database', async () => {
  await writeStock(130);
  const [group] = ids;
  await databases.request(`maia-cojson-${accountID}`, 'unsyncedCoValues', (store) =>
    store.put({ coValueId: group, peerId: 'any' }),
  );
  const before = await contentIn('cojson-indexeddb');
  const told: number[] = [];
  await takeOver(({ done, total }) => told.push(done, total));
  expect(await isStockThere()).toBe(false);
  expect([...before.values()].filter((text) => text.includes('"isLong":true'))).toHaveLength(1);
  expect(told).toEqual([0, ids.length, 100, ids.length, ids.length, ids.length]);
  expect(await contentIn('kernel')).toEqual(before);
  expect(await unconfirmed()).toEqual([group, ids.at(-2)].toSorted());
  const deleted = await databases.request(`maia-${accountID}`, 'deleted', (store) => store.getAllKeys());
  expect(deleted).toEqual([ids.at(-1)]);
});

it('goes on where it was ended, and writes nothing twice', async () => {
  await writeStock(130);
  const before = await contentIn('cojson-indexeddb');
  const ended = takeOver(({ done }) => {
    if (done > 0) throw new Error('The tab was closed.');
  });
  await expect(ended).rejects.toThrow('The tab was closed.');
  expect(await isStockThere()).toBe(true);
  const half = await segments();
  await takeOver();
  expect(await contentIn('kernel')).toEqual(before);
  expect((await segments()).slice(0, half.length)).toEqual(half);
  expect((await segments()).flatMap((segment) => segment.ids)).toHaveLength(ids.length);
});

it('keeps the old database where what was written reads otherwise', async () => {
  await writeStock(3);
  const real = IDBObjectStore.prototype.add;
  vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (
    this: IDBObjectStore,
    value: { readonly pieces: string },
  ) {
    return real.call(this, { ...value, pieces: value.pieces.replace('xx', 'xy') });
  });
  await expect(takeOver()).rejects.toMatchObject({ code: 'STORAGE_WRITE_FAILED' });
  expect(await isStockThere()).toBe(true);
});

it('leaves alone what is none of stock cojson’s', async () => {
  await new Promise<void>((resolve) => {
    const request = indexedDB.open(`maia-cojson-${accountID}`, 1);
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
  await takeOver();
  expect(await isStockThere()).toBe(true);
});

it('goes once more through what a tab of an older version has written to meanwhile', async () => {
  await writeStock(3);
  const olderTab = await openStorage('cojson-indexeddb', accountID);
  let rounds = 0;
  let late: Promise<RawCoID> | undefined;
  await takeOver(({ done, total }) => {
    if (done === total && rounds++ === 0) late = writeOne(olderTab);
  });
  const id = await late;
  expect(rounds).toBeGreaterThan(1);
  await olderTab.close();
  await on('kernel', async (storage) => {
    expect(await new Promise((resolve) => storage.load(id ?? '', () => {}, resolve))).toBe(true);
  });
});

const segments = () =>
  databases.request<readonly { readonly ids: readonly string[] }[]>(
    `maia-${accountID}`,
    'segments',
    (store) => store.getAll(),
  );
