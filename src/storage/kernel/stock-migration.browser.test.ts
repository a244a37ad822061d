import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { openStorage } from '../../testing/open-storage.ts';
import type { DeviceStorage } from '../device-storage.ts';
import { openDatabase } from '../indexed-db.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { readPieces } from './segments.ts';
import { readStockRows } from './read-stock-database.ts';

// An account that stock storage has kept is opened by our own.

const databases = createDatabases(indexedDB);
const opened: DeviceStorage[] = [];
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
  for (const name of [own(), stock()]) await databases.delete(name);
});
const own = () => `maia-${accountID}`;
const stock = () => `maia-cojson-${accountID}`;

async function openKernel(): Promise<DeviceStorage> {
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
  storage.trackCoValuesSyncState([{ id: group.id, peerId: 'maia-unconfirmed', synced: false }]);
  await Promise.resolve(); // cojson hands edits to the storage in a microtask.
  await storage.close();
  return [group.id, ...ids];
}

/** Every transaction and every signature that stands in the stock database, as the rows have it. */
async function piecesInStock(): Promise<readonly Piece[]> {
  const db = await openDatabase(indexedDB, { name: stock() });
  const rows = db && (await readStockRows(db));
  const found = await rows?.after(0, 100_000);
  db?.close();
  return found?.pieces ?? [];
}

async function expectTakenOver(before: readonly Piece[]): Promise<void> {
  expect(await databases.names()).not.toContain(stock());
  const db = await openDatabase(indexedDB, { name: own() });
  if (!db) throw new Error('It has no database.');
  const after = await readPieces(db.transaction('segments'), new Set(before.map(({ id }) => id)));
  db.close();
  for (const piece of before) {
    expect(joinPieces(piece.id, after.get(piece.id) ?? [])).toEqual(joinPieces(piece.id, [piece]));
  }
}

const isFound = (storage: DeviceStorage, id: RawCoID) =>
  new Promise<boolean>((resolve) => storage.load(id, () => {}, resolve));
const unconfirmedIn = (storage: DeviceStorage) =>
  new Promise<readonly RawCoID[]>((resolve) => storage.getUnsyncedCoValueIDs(resolve));
const untilDone = (storage: DeviceStorage) =>
  vi.waitFor(() => expect(storage.status.current.takeover).toBeUndefined(), { timeout: 60_000 });

const full = () =>
  failIndexedDB(
    (name, mode) => name === own() && mode === 'readwrite',
    new DOMException('There is no room.', 'QuotaExceededError'),
  );

it('lacks nothing from the beginning, and says how far it is', async () => {
  const ids = await writeStock(120);
  const before = await piecesInStock();
  await (await openKernel()).close(); // Makes the database, and may have begun.
  const release = await databases.hold(own(), 'segments');
  ends.push(release);
  const storage = await openKernel();
  for (const id of ids) expect(storage.getKnownState(id).header).toBe(false);
  const reading = Promise.all(ids.map((id) => isFound(storage, id)));
  release();
  expect(await reading).toEqual(ids.map(() => true));
  await untilDone(storage);
  await expectTakenOver(before);
});

it('reads on in the old one while there is no room, says so, and goes on by itself', async () => {
  const ids = await writeStock(3);
  const before = await piecesInStock();
  const works = full();
  ends.push(works);
  const storage = await openKernel();
  await vi.waitFor(() => expect(storage.status.current.error?.code).toBe('STORAGE_FULL'));
  expect(storage.status.current).toMatchObject({ state: 'ok', takeover: { done: 0, total: ids.length } });
  for (const id of ids) expect(await isFound(storage, id)).toBe(true);
  expect(await unconfirmedIn(storage)).toEqual([ids[0]]);
  expect(await databases.names()).toContain(stock());
  works();
  await untilDone(storage);
  expect(storage.status.current.error).toBeUndefined();
  await expectTakenOver(before);
  expect(await unconfirmedIn(storage)).toEqual([ids[0]]);
});

it('goes on where an earlier run ended', async () => {
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
  expect(await databases.names()).toContain(stock());
  const second = await openKernel();
  expect(await isFound(second, ids[249] as RawCoID)).toBe(true);
  await untilDone(second);
  await expectTakenOver(before);
});

it('is done once by two tabs, both of which lack nothing', async () => {
  const ids = await writeStock(250);
  const before = await piecesInStock();
  const tabs = [await openKernel(), await openKernel()];
  for (const tab of tabs) {
    for (const id of ids) void isFound(tab, id).then((found) => expect(found).toBe(true));
  }
  for (const tab of tabs) await untilDone(tab);
  await expectTakenOver(before);
  const segments = await databases.request<readonly { readonly ids: readonly string[] }[]>(
    own(),
    'segments',
    (store) => store.getAll(),
  );
  expect(segments.flatMap((segment) => segment.ids)).toHaveLength(ids.length);
});

it('goes on from what is not taken over yet', async () => {
  await writeStock(1);
  const known = map.core.knownState();
  map.set('key', 2);
  const [next] = map.core.newContentSince(known) ?? [];
  if (!next) throw new Error('There is nothing new.');
  const works = full();
  ends.push(works);
  const storage = await openKernel();
  const correct = vi.fn(() => undefined);
  const done = new Promise<void>((resolve) => storage.store(next, correct, resolve));
  await vi.waitFor(() => expect(storage.status.current.state).toBe('failing'));
  works();
  await done;
  expect(correct).not.toHaveBeenCalled();
  await untilDone(storage);
  await storage.close();
  const again = await openKernel();
  await isFound(again, map.id);
  expect(again.getKnownState(map.id).sessions).toEqual(map.core.knownState().sessions);
});

it('moves many CoValues, every byte', async () => {
  const ids = await writeStock(inject('coValuesToMove'));
  const before = await piecesInStock();
  expect(before).toHaveLength(ids.length);
  const storage = await openKernel();
  await untilDone(storage);
  await expectTakenOver(before);
});

describe('stock storage that is asked for', () => {
  it('is opened where ours has nothing', async () => {
    await writeStock(1);
    const storage = await openStorage('cojson-indexeddb', accountID);
    opened.push(storage);
    expect(storage.status.current.kind).toBe('cojson-indexeddb');
  });

  it('is not where ours has content, which it would not see', async () => {
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
