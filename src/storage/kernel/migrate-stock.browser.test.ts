import { LocalNode, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readContents } from '../../../test/support/storage/read-contents.ts';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { systemClock } from '../../base/clock.ts';
import { pendingIn } from '../../../test/support/storage/facts.ts';
import { openStorage, type KeptKind } from '../../../test/support/storage/open-storage.ts';
import type { Content } from '../../engine/content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { accountDatabase } from '../account-database.ts';
import { committing, openDatabase } from '../indexed-db.ts';
import { noFacts } from '../ledger.ts';
import { addFacts, ledgerStores } from '../ledger/ledger-store.ts';
import { migrateStock } from './migrate-stock.ts';

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

async function on<T>(kind: KeptKind, run: (storage: KernelDeviceStorage) => T | Promise<T>): Promise<T> {
  const storage = await openStorage(kind, accountID);
  try {
    return await run(storage);
  } finally {
    await storage.close();
  }
}

/** What an app has stored with stock cojson: small CoValues, a long history, an unconfirmed edit, and a deletion. */
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
    await Promise.resolve(); // cojson stores edits in a microtask.
    gone.core.deleteCoValue();
    await Promise.resolve();
    ids = [group, ...maps, long, waiting, gone].map(({ id }) => id);
  });
}

/** Writes a group. Resolves with its ID once the group is stored. */
async function writeOne(storage: KernelDeviceStorage): Promise<RawCoID> {
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const group = node.createGroup();
  await storage.waitForSync(group.id, group.core);
  return group.id;
}

/** Everything that a storage loads of each CoValue, as text, however many messages it takes. */
async function contentIn(kind: KeptKind): Promise<ReadonlyMap<RawCoID, string>> {
  return on(kind, async (storage) => {
    const all = new Map<RawCoID, string>();
    for (const id of ids) {
      const pieces: Content[] = [];
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
      // A long history arrives in several messages, which end at stored signatures.
      const isLong = pieces.length > 1;
      all.set(id, JSON.stringify({ header: pieces[0]?.header, bySession, isLong }));
    }
    return all;
  });
}

const migrate = (
  progress: (at: { readonly done: number; readonly total: number }) => void = () => {},
  clock = systemClock,
) => migrateStock({ indexedDB, accountID, clock, signal: new AbortController().signal, progress });
const unconfirmed = () => on('kernel', pendingIn);
const markStock = (id: RawCoID | undefined) =>
  databases.request(`maia-cojson-${accountID}`, 'unsyncedCoValues', (store) =>
    store.put({ coValueId: id, peerId: 'any' }),
  );
const isStockThere = async () => (await databases.names()).includes(`maia-cojson-${accountID}`);

it('[STORE-7] moves every byte, what is unconfirmed and pending erasures, and deletes the old database', async () => {
  await writeStock(130);
  const [group] = ids;
  for (const id of [group, ids.at(-2)]) await markStock(id);
  const before = await contentIn('cojson-indexeddb');
  const progress: number[] = [];
  await migrate(({ done, total }) => progress.push(done, total));
  expect(await isStockThere()).toBe(false);
  expect([...before.values()].filter((text) => text.includes('"isLong":true'))).toHaveLength(1);
  expect(progress).toEqual([0, ids.length, 100, ids.length, ids.length, ids.length]);
  expect(await contentIn('kernel')).toEqual(before);
  expect(await unconfirmed()).toEqual([group, ids.at(-2)].toSorted());
  const deleted = await databases.request(`maia-${accountID}`, 'deleted', (store) => store.getAllKeys());
  expect(deleted).toEqual([ids.at(-1)]);
});

it('[STORE-8] resumes after an interruption and writes nothing twice', async () => {
  await writeStock(130);
  const before = await contentIn('cojson-indexeddb');
  const ended = migrate(({ done }) => {
    if (done > 0) throw new Error('The tab was closed.');
  });
  await expect(ended).rejects.toThrow('The tab was closed.');
  expect(await isStockThere()).toBe(true);
  const half = await segments();
  await migrate();
  expect(await contentIn('kernel')).toEqual(before);
  expect((await segments()).slice(0, half.length)).toEqual(half);
  expect((await segments()).flatMap((segment) => segment.ids)).toHaveLength(ids.length);
});

it('keeps the old database if the copy reads differently', async () => {
  await writeStock(3);
  const real = IDBObjectStore.prototype.add;
  vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (
    this: IDBObjectStore,
    value: { readonly pieces: string },
  ) {
    return real.call(this, { ...value, pieces: value.pieces.replace('xx', 'xy') });
  });
  await expect(migrate()).rejects.toMatchObject({ code: 'STORAGE_WRITE_FAILED' });
  expect(await isStockThere()).toBe(true);
});

it('ignores databases that are not stock cojson’s', async () => {
  await new Promise<void>((resolve) => {
    const request = indexedDB.open(`maia-cojson-${accountID}`, 1);
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
  await migrate();
  expect(await isStockThere()).toBe(true);
});

it('repeats if a tab of an older version has written meanwhile', async () => {
  await writeStock(3);
  const olderTab = await openStorage('cojson-indexeddb', accountID);
  let rounds = 0;
  let late: Promise<RawCoID> | undefined;
  await migrate(({ done, total }) => {
    if (done === total && rounds++ === 0) late = writeOne(olderTab);
  });
  const id = await late;
  expect(rounds).toBeGreaterThan(1);
  await olderTab.close();
  await on('kernel', async (storage) => {
    expect(await new Promise((resolve) => storage.load(id ?? '', () => {}, resolve))).toBe(true);
  });
});

it('[STORE-7] owes what is marked at a later copy, though an earlier one was released', async () => {
  await writeStock(3);
  const [group] = ids;
  await markStock(group);
  const olderTab = await openStorage('cojson-indexeddb', accountID);
  // A tab that does not let go of the old database.
  const held = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(`maia-cojson-${accountID}`);
    request.onsuccess = () => resolve(request.result);
  });
  const hasty = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(100, run) };
  await expect(migrate(() => {}, hasty)).rejects.toMatchObject({ name: 'BlockedError' });
  const db = await openDatabase(indexedDB, accountDatabase(accountID));
  if (!db) throw new Error('The database was not created.');
  const facts = await readContents(db.transaction(ledgerStores));
  expect(facts.debts.map(({ id }) => id)).toEqual([group]);
  await committing(db.transaction(ledgerStores, 'readwrite'), (transaction) =>
    addFacts(transaction, { ...noFacts, releases: facts.debts }),
  );
  db.close();
  held.close();
  await writeOne(olderTab);
  await olderTab.close();
  await migrate();
  expect(await unconfirmed()).toEqual([group]);
});

it('counts what it moves among the additions, so that other tabs do not trust their list of IDs', async () => {
  await writeStock(130);
  const ended = migrate(({ done }) => {
    if (done > 0) throw new Error('The tab was closed.');
  });
  await expect(ended).rejects.toThrow('The tab was closed.');
  const [name, key] = [`maia-${accountID}`, -1];
  const state = { ids: [], pieces: '[]', mark: 'a', additions: 5 };
  await databases.request(name, 'segments', (store) => store.put(state, key));
  await migrate();
  const after = await databases.request<typeof state>(name, 'segments', (store) => store.get(key));
  expect(after.additions).toBeGreaterThan(5);
});

const segments = () =>
  databases.request<readonly { readonly ids: readonly string[] }[]>(
    `maia-${accountID}`,
    'segments',
    (store) => store.getAll(),
  );
