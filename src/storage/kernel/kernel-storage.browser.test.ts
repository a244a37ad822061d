import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage } from '../../testing/open-storage.ts';
import type { NewContent } from '../content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';

const databases = createDatabases(indexedDB);
const opened: KernelDeviceStorage[] = [];
let accountID: string;
beforeEach(() => {
  accountID = `engine-${crypto.randomUUID()}`;
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const storage of opened.splice(0)) await storage.close();
  await databases.delete(`maia-${accountID}`);
});

/** As each tab opens it. */
async function open(): Promise<KernelDeviceStorage> {
  const storage = await openStorage('kernel', accountID);
  opened.push(storage);
  return storage;
}

const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
const sessionID = () => wasm.newRandomSessionID(wasm.getAgentID(secret));

/** A run of one agent, whose CoValues all its runs may write. */
function runOn(storage: KernelDeviceStorage | undefined): LocalNode {
  const node = new LocalNode(secret, sessionID(), wasm);
  if (storage) node.setStorage(storage);
  return node;
}

async function loaded(node: LocalNode, id: RawCoMap['id']): Promise<RawCoMap> {
  const map = await node.load(id);
  if (map === 'unavailable') throw new Error('It is not here.');
  return map;
}

const stored = (storage: KernelDeviceStorage, content: NewContent) =>
  new Promise<void>((resolve) => storage.store(content, () => undefined, resolve));
const unconfirmedIn = (storage: KernelDeviceStorage) =>
  new Promise<readonly RawCoID[]>((resolve) => storage.getUnsyncedCoValueIDs(resolve));
const idsIn = (storage: KernelDeviceStorage, limit: number, offset: number) =>
  new Promise<readonly RawCoID[]>((resolve) =>
    storage.getCoValueIDs(limit, offset, (found) => resolve(found.map(({ id }) => id))),
  );
const segments = () =>
  databases.request<readonly { readonly ids: readonly string[] }[]>(
    `maia-${accountID}`,
    'segments',
    (store) => store.getAll(),
  );

describe('writing', () => {
  it('takes one transaction for all that waits, the mark of a content together with it', async () => {
    const storage = await open();
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const node = runOn(undefined);
    const group = node.createGroup();
    const maps = Array.from({ length: 200 }, (_, n) => group.createMap({ n }));
    const contents = [group, ...maps].flatMap(({ core }) => core.newContentSince() ?? []);
    storage.trackCoValuesSyncState([{ id: group.id, peerId: 'maia-unconfirmed', synced: false }]);
    await Promise.all(contents.map((content) => stored(storage, content)));
    expect(transactions).toHaveBeenCalledOnce();
    expect((await segments()).length).toBeLessThan(10);
    expect(await unconfirmedIn(storage)).toEqual([group.id]);
  });

  it('calls nothing done that is not committed', async () => {
    const storage = await open();
    const release = await databases.hold(`maia-${accountID}`, 'segments');
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
    let isDone = false;
    const [content] = runOn(undefined).createGroup().core.newContentSince() ?? [];
    const done = stored(storage, content as NewContent).then(() => (isDone = true));
    await vi.waitFor(() => expect(transactions).toHaveBeenCalled());
    expect(isDone).toBe(false);
    expect(storage.getKnownState((content as NewContent).id).header).toBe(false);
    expect(storage.queuedContent).toBe(1);
    release();
    await done;
    expect(storage.getKnownState((content as NewContent).id).header).toBe(true);
  });

  it('calls nothing done of which something is missing that cojson does not give', async () => {
    const storage = await open();
    const map = runOn(undefined).createGroup().createMap({ a: 1 });
    const known = map.core.knownState();
    map.set('b', 2);
    const [next] = map.core.newContentSince(known) ?? [];
    const done = vi.fn();
    storage.store(next as NewContent, () => undefined, done);
    for (const content of map.core.newContentSince() ?? []) await stored(storage, content);
    expect(done).not.toHaveBeenCalled();
  });

  it('goes on from what an earlier run wrote, which this one has not read', async () => {
    const first = await open();
    const node = runOn(first);
    const map = node.createGroup().createMap({ a: 1 });
    await first.waitForSync(map.id, map.core);
    const known = map.core.knownState();
    map.set('b', 2);
    const second = await open();
    const [next] = map.core.newContentSince(known) ?? [];
    const correct = vi.fn(() => undefined);
    await new Promise<void>((resolve) => second.store(next as NewContent, correct, resolve));
    expect(correct).not.toHaveBeenCalled();
  });
});

describe('reading', () => {
  it('finds all, however many segments there are', async () => {
    const storage = await open();
    const group = runOn(storage).createGroup();
    const ids: RawCoMap['id'][] = [];
    for (let n = 0; n < 60; n++) {
      const map = group.createMap({ n });
      ids.push(map.id);
      await storage.waitForSync(map.id, map.core);
    }
    expect((await segments()).length).toBeGreaterThan(50);
    const again = runOn(await open());
    const maps = await Promise.all(ids.map((id) => loaded(again, id)));
    expect(maps.map((map) => map.get('n'))).toEqual(ids.map((_, n) => n));
  });

  it('hands out nothing that this tab has written itself along with what depends on it', async () => {
    const storage = await open();
    const map = runOn(storage).createGroup().createMap({ a: 1 });
    await storage.waitForSync(map.id, map.core);
    const handedOut: string[] = [];
    await new Promise((resolve) => storage.load(map.id, ({ id }) => handedOut.push(id), resolve));
    expect(handedOut).toEqual([map.id]);
  });
});

describe('two tabs', () => {
  it('write the same CoValue, and nothing of either is lost', async () => {
    const [one, two] = [await open(), await open()];
    const first = runOn(one);
    const map = first.createGroup().createMap({ a: 1 });
    await one.waitForSync(map.id, map.core);
    const copy = await loaded(runOn(two), map.id);
    for (let n = 0; n < 10; n++) {
      map.set(`one${n}`, n);
      copy.set(`two${n}`, n);
    }
    await Promise.all([one.waitForSync(map.id, map.core), two.waitForSync(map.id, copy.core)]);
    const all = await loaded(runOn(await open()), map.id);
    expect(all.keys()).toHaveLength(21);
  });
});

describe('ids', () => {
  it('are told in order and in parts, each once', async () => {
    const storage = await open();
    const group = runOn(storage).createGroup();
    const maps = Array.from({ length: 5 }, () => group.createMap());
    for (const map of maps) await storage.waitForSync(map.id, map.core);
    maps[0]?.set('again', 1);
    if (maps[0]) await storage.waitForSync(maps[0].id, maps[0].core);
    const all = [group, ...maps].map(({ id }) => id).sort();
    expect(await idsIn(storage, 4, 0)).toEqual(all.slice(0, 4));
    expect(await idsIn(storage, 4, 4)).toEqual(all.slice(4));
    expect(await new Promise((resolve) => storage.getCoValueCount(resolve))).toBe(6);
  });
});

describe('a deleted CoValue', () => {
  it('keeps nothing but its header and its deletion, and its neighbours all they have', async () => {
    const storage = await open();
    const node = runOn(storage);
    const group = node.createGroup();
    const gone = group.createMap({ secret: 'word' }, null, 'trusting');
    const kept = group.createMap({ word: 'kept' }, null, 'trusting');
    for (const { id, core } of [gone, kept]) await storage.waitForSync(id, core);
    gone.core.deleteCoValue();
    await storage.waitForSync(gone.id, gone.core);
    expect(JSON.stringify(await segments())).toContain('word');
    await storage.eraseAllDeletedCoValues();
    expect(JSON.stringify(await segments())).not.toContain('secret');

    const again = runOn(await open());
    expect((await loaded(again, kept.id)).get('word')).toBe('kept');
    await again.load(gone.id);
    expect(again.getCoValue(gone.id).isDeleted).toBe(true);
  });

  it('keeps all where nobody who may has deleted it', async () => {
    const storage = await open();
    const map = runOn(undefined).createGroup().createMap({ secret: 'word' }, null, 'trusting');
    const before = map.core.newContentSince() ?? [];
    map.core.deleteCoValue();
    // cojson has not said of it that the deletion is valid.
    for (const content of [...before, ...(map.core.newContentSince() ?? [])]) await stored(storage, content);
    await storage.eraseAllDeletedCoValues();
    expect(JSON.stringify(await segments())).toContain('secret');
  });

  it('is erased by itself where that was asked for', async () => {
    const storage = await open();
    storage.enableDeletedCoValuesErasure();
    const gone = runOn(storage).createGroup().createMap({ secret: 'word' }, null, 'trusting');
    await storage.waitForSync(gone.id, gone.core);
    gone.core.deleteCoValue();
    await vi.waitFor(async () => expect(JSON.stringify(await segments())).not.toContain('secret'), {
      timeout: 20_000,
    });
  });
});
