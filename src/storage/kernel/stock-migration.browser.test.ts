import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { pendingIn } from '../../../test/support/storage/facts.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { openDatabase } from '../indexed-db.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { readPieces } from './segments.ts';
import { readStockRows } from './read-stock-database.ts';
import { until } from '../../../test/support/until.ts';

// Opens accounts of stock storage with the kernel's own engine.

const databases = createDatabases(indexedDB);
const opened: KernelDeviceStorage[] = [];
let accountID: string;
let map: RawCoMap;
let ends: (() => void)[];
beforeEach(() => {
  accountID = `taking-over-${crypto.randomUUID()}`;
  ends = [];
});
afterEach(async () => {
  for (const end of ends) end();
  for (const storage of opened.splice(0)) await storage.close();
  for (const name of [kernelDatabase(), stockDatabase()]) await databases.delete(name);
});
const kernelDatabase = () => `maia-${accountID}`;
const stockDatabase = () => `maia-cojson-${accountID}`;

async function openKernel(): Promise<KernelDeviceStorage> {
  const storage = await openStorage('kernel', accountID);
  opened.push(storage);
  return storage;
}

async function writeStock(count: number): Promise<readonly RawCoID[]> {
  const storage = await openStorage('cojson-indexeddb', accountID);
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const group = node.createGroup();
  map = group.createMap({ key: 1 });
  const ids = [map.id, ...Array.from({ length: count - 1 }, (_, n) => group.createMap({ n }).id)];
  await Promise.resolve(); // cojson stores edits in a microtask.
  await storage.close();
  await databases.request(stockDatabase(), 'unsyncedCoValues', (store) =>
    store.put({ coValueId: group.id, peerId: 'any' }),
  );
  return [group.id, ...ids];
}

/** Every transaction and signature in the stock database, as stored in its rows. */
async function piecesInStock(): Promise<readonly Piece[]> {
  const db = await openDatabase(indexedDB, { name: stockDatabase() });
  const rows = db && (await readStockRows(db));
  const found = await rows?.after(0, 100_000);
  db?.close();
  return found?.pieces ?? [];
}

async function expectTakenOver(before: readonly Piece[]): Promise<void> {
  expect(await databases.names()).not.toContain(stockDatabase());
  const db = await openDatabase(indexedDB, { name: kernelDatabase() });
  if (!db) throw new Error('The database does not exist.');
  const after = await readPieces(db.transaction('segments'), new Set(before.map(({ id }) => id)));
  db.close();
  for (const piece of before) {
    expect(joinPieces(piece.id, after.get(piece.id) ?? [])).toEqual(joinPieces(piece.id, [piece]));
  }
}

const isFound = (storage: KernelDeviceStorage, id: RawCoID) =>
  new Promise<boolean>((resolve) => storage.load(id, () => {}, resolve));
const untilDone = (storage: KernelDeviceStorage) =>
  until(() => expect(storage.status.current.takeover).toBeUndefined(), 60_000);

const full = () =>
  failIndexedDB(
    (name, mode) => name === kernelDatabase() && mode === 'readwrite',
    new DOMException('There is no space left.', 'QuotaExceededError'),
  );

it('serves all content from the start and publishes its progress', async () => {
  const ids = await writeStock(120);
  const before = await piecesInStock();
  await (await openKernel()).close(); // Creates the database, and may already begin to migrate.
  const release = await databases.hold(kernelDatabase(), 'segments');
  ends.push(release);
  const storage = await openKernel();
  for (const id of ids) expect(storage.getKnownState(id).header).toBe(false);
  const reading = Promise.all(ids.map((id) => isFound(storage, id)));
  release();
  expect(await reading).toEqual(ids.map(() => true));
  await untilDone(storage);
  await expectTakenOver(before);
});

it('reads from the old database while the device is full, reports that, and continues automatically', async () => {
  const ids = await writeStock(3);
  const before = await piecesInStock();
  const works = full();
  ends.push(works);
  const storage = await openKernel();
  await until(() => expect(storage.status.current.error?.code).toBe('STORAGE_FULL'));
  expect(storage.status.current).toMatchObject({ state: 'ok', takeover: { done: 0, total: ids.length } });
  for (const id of ids) expect(await isFound(storage, id)).toBe(true);
  expect(await pendingIn(storage)).toEqual([ids[0]]);
  expect(await databases.names()).toContain(stockDatabase());
  works();
  await untilDone(storage);
  expect(storage.status.current.error).toBeUndefined();
  await expectTakenOver(before);
  expect(await pendingIn(storage)).toEqual([ids[0]]);
});

it('resumes where an earlier run ended', async () => {
  const ids = await writeStock(250);
  const before = await piecesInStock();
  const first = await openKernel();
  const half = new Promise<void>((resolve) => {
    const stop = first.status.subscribe(({ takeover }) => {
      if (takeover?.done !== 100) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
  await half;
  await first.close();
  expect(await databases.names()).toContain(stockDatabase());
  const second = await openKernel();
  expect(await isFound(second, ids[249] as RawCoID)).toBe(true);
  await untilDone(second);
  await expectTakenOver(before);
});

it('runs once for two tabs, both of which read all content', async () => {
  const ids = await writeStock(250);
  const before = await piecesInStock();
  const tabs = [await openKernel(), await openKernel()];
  for (const tab of tabs) {
    for (const id of ids) void isFound(tab, id).then((found) => expect(found).toBe(true));
  }
  for (const tab of tabs) await untilDone(tab);
  await expectTakenOver(before);
  const segments = await databases.request<readonly { readonly ids: readonly string[] }[]>(
    kernelDatabase(),
    'segments',
    (store) => store.getAll(),
  );
  expect(segments.flatMap((segment) => segment.ids)).toHaveLength(ids.length);
});

it('accepts edits of CoValues that are not migrated yet', async () => {
  await writeStock(1);
  const known = map.core.knownState();
  map.set('key', 2);
  const [next] = map.core.newContentSince(known) ?? [];
  if (!next) throw new Error('There is no new content.');
  const works = full();
  ends.push(works);
  const storage = await openKernel();
  const correct = vi.fn(() => undefined);
  const done = new Promise<void>((resolve) => storage.store(next, correct, resolve));
  await until(() => expect(storage.status.current.state).toBe('failing'));
  works();
  await done;
  expect(correct).not.toHaveBeenCalled();
  await untilDone(storage);
  await storage.close();
  const again = await openKernel();
  await isFound(again, map.id);
  expect(again.getKnownState(map.id).sessions).toEqual(map.core.knownState().sessions);
});

it('moves every byte of many CoValues', async () => {
  const ids = await writeStock(inject('coValuesToMove'));
  const before = await piecesInStock();
  expect(before).toHaveLength(ids.length);
  const storage = await openKernel();
  await untilDone(storage);
  await expectTakenOver(before);
});

describe('stock storage, when requested,', () => {
  it('is opened if the kernel’s engine has no content', async () => {
    await writeStock(1);
    const storage = await openStorage('cojson-indexeddb', accountID);
    opened.push(storage);
    expect(storage.status.current.kind).toBe('cojson-indexeddb');
  });

  it('is not opened if the kernel’s engine has content, which stock storage would not see', async () => {
    const [id] = await writeStock(1);
    const first = await openKernel();
    await untilDone(first);
    await first.close();
    const storage = await openStorage('cojson-indexeddb', accountID);
    opened.push(storage);
    expect(storage.status.current.kind).toBe('kernel');
    expect(await isFound(storage, id as RawCoID)).toBe(true);
  });
});
