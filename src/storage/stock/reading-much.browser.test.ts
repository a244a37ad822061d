import { LocalNode, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStorage, type KeptKind } from '../../../test/support/storage/open-storage.ts';
import type { Content } from '../../engine/content.ts';
import type { DeviceStorage } from '../device-storage.ts';

const size = 150;
let storage: DeviceStorage;
let groupID: RawCoID;
let ids: readonly RawCoID[];

async function createNode(): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

/** An account with a group and its CoValues, which this tab has not read. */
async function setUp(kind: KeptKind): Promise<void> {
  const accountID = `reading-much-${crypto.randomUUID()}`;
  const node = await createNode();
  const written = await openStorage(kind, accountID);
  node.setStorage(written);
  const group = node.createGroup();
  groupID = group.id;
  ids = Array.from({ length: size }, (_, n) => group.createMap({ n }).id);
  await Promise.resolve(); // cojson stores edits in a microtask.
  await written.close();
  storage = await openStorage(kind, accountID);
}
afterEach(async () => {
  vi.restoreAllMocks();
  await storage.close();
});

/** Loads everything at once. Resolves with the IDs of the loaded content, in order. */
async function loadAll(onLoaded: () => void = () => {}): Promise<readonly string[]> {
  const loadedIDs: string[] = [];
  const load = (id: RawCoID) =>
    new Promise<void>((resolve) =>
      storage.load(
        id,
        (content) => loadedIDs.push(content.id),
        () => {
          onLoaded();
          resolve();
        },
      ),
    );
  await Promise.all(ids.map(load));
  return loadedIDs;
}

describe.each(['cojson-indexeddb', 'kernel'] as const)('%s', (kind) => {
  beforeEach(() => setUp(kind));

  it('reads many CoValues in few transactions', async () => {
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await loadAll();
    expect(transactions.mock.calls.length).toBeLessThan(10);
  });

  it('loads a shared dependency once, before its dependents', async () => {
    const loadedIDs = await loadAll();
    expect([...loadedIDs].sort()).toEqual([groupID, ...ids].sort());
    expect(loadedIDs[0]).toBe(groupID);
  });

  it('writes before reads that were requested later', async () => {
    const [content] = (await createNode()).createGroup().core.newContentSince() ?? [];
    let loaded = 0;
    const all = loadAll(() => loaded++);
    const loadedBefore = await new Promise<number>((resolve) =>
      storage.store(
        content as Content,
        () => undefined,
        () => resolve(loaded),
      ),
    );
    expect(loadedBefore).toBeLessThan(size);
    await all;
  });
});

it('cojson-indexeddb reports a dependency that cannot be read and loads the rest', async () => {
  await setUp('cojson-indexeddb');
  const real = IDBObjectStore.prototype.getAll;
  let reads = 0;
  vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<typeof real>
  ) {
    // The first CoValue takes two reads; the third is for its group.
    if (this.name !== 'sessions' && ++reads === 3) throw new DOMException('not now', 'UnknownError');
    return real.apply(this, args);
  });
  const [id] = ids;
  const isFound = await new Promise((resolve) => storage.load(id as RawCoID, () => {}, resolve));
  expect(isFound).toBe(true);
  expect(storage.status.current).toMatchObject({ state: 'failing', error: { code: 'STORAGE_WRITE_FAILED' } });
});

it('kernel reports that reading failed and finds nothing', async () => {
  await setUp('kernel');
  const real = IDBObjectStore.prototype.get;
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
    // The mark of the database has a negative key.
    if (Number(key) >= 0) throw new DOMException('not now', 'UnknownError');
    return real.call(this, key);
  });
  const [id] = ids;
  const isFound = await new Promise((resolve) => storage.load(id as RawCoID, () => {}, resolve));
  expect(isFound).toBe(false);
  expect(storage.status.current).toMatchObject({ state: 'failing', error: { code: 'STORAGE_WRITE_FAILED' } });
});
