import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { debtOf, ledgerOf, pendingIn } from '../../../test/support/storage/facts.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import type { Content } from '../../engine/content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { until } from '../../../test/support/until.ts';

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

/** Opens the storage as each tab does. */
async function open(): Promise<KernelDeviceStorage> {
  const storage = await openStorage('kernel', accountID);
  opened.push(storage);
  return storage;
}

const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
const sessionID = () => wasm.newRandomSessionID(wasm.getAgentID(secret));

/** One run of an agent; each run may write the CoValues of all runs. */
function runOn(storage: KernelDeviceStorage | undefined): LocalNode {
  const node = new LocalNode(secret, sessionID(), wasm);
  if (storage) node.setStorage(storage);
  return node;
}

async function loaded(node: LocalNode, id: RawCoMap['id']): Promise<RawCoMap> {
  const map = await node.load(id);
  if (map === 'unavailable') throw new Error('The map is missing.');
  return map;
}

const stored = (storage: KernelDeviceStorage, content: Content) =>
  new Promise<void>((resolve) => storage.store(content, () => undefined, resolve));
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
  it('writes everything queued in one transaction, debts together with content', async () => {
    const storage = await open();
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const node = runOn(undefined);
    const group = node.createGroup();
    const maps = Array.from({ length: 200 }, (_, n) => group.createMap({ n }));
    const contents = [group, ...maps].flatMap(({ core }) => core.newContentSince() ?? []);
    ledgerOf(storage).add({ debts: [debtOf(group.id)] });
    await Promise.all(contents.map((content) => stored(storage, content)));
    expect(transactions).toHaveBeenCalledOnce();
    expect((await segments()).length).toBeLessThan(10);
    expect(await pendingIn(storage)).toEqual([group.id]);
  });

  it('[STORE-1] reports nothing as done before it is committed', async () => {
    const storage = await open();
    const release = await databases.hold(`maia-${accountID}`, 'segments');
    const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction');
    let isDone = false;
    const [content] = runOn(undefined).createGroup().core.newContentSince() ?? [];
    const done = stored(storage, content as Content).then(() => (isDone = true));
    await until(() => expect(transactions).toHaveBeenCalled());
    expect(isDone).toBe(false);
    expect(storage.getKnownState((content as Content).id).header).toBe(false);
    expect(storage.queuedContent).toBe(1);
    release();
    await done;
    expect(storage.getKnownState((content as Content).id).header).toBe(true);
  });

  it('does not report content as done if cojson cannot fill its gap', async () => {
    const storage = await open();
    const map = runOn(undefined).createGroup().createMap({ a: 1 });
    const known = map.core.knownState();
    map.set('b', 2);
    const [next] = map.core.newContentSince(known) ?? [];
    const done = vi.fn();
    storage.store(next as Content, () => undefined, done);
    for (const content of map.core.newContentSince() ?? []) await stored(storage, content);
    expect(done).not.toHaveBeenCalled();
  });

  it('continues content of an earlier run that this run has not read', async () => {
    const first = await open();
    const node = runOn(first);
    const map = node.createGroup().createMap({ a: 1 });
    await first.waitForSync(map.id, map.core);
    const known = map.core.knownState();
    map.set('b', 2);
    const second = await open();
    const [next] = map.core.newContentSince(known) ?? [];
    const correct = vi.fn(() => undefined);
    await new Promise<void>((resolve) => second.store(next as Content, correct, resolve));
    expect(correct).not.toHaveBeenCalled();
  });
});

describe('reading', () => {
  it('lists all IDs, however many segments there are', async () => {
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

  it('does not wait for a write without content, which it could not read anyway', async () => {
    const storage = await open();
    const { id, core } = runOn(storage).createGroup();
    await storage.waitForSync(id, core);
    const release = await databases.hold(`maia-${accountID}`, 'ledger');
    ledgerOf(storage).add({ debts: [debtOf(id)] });
    expect(await runOn(storage).load(id)).toHaveProperty('id', id);
    // The write was not given up.
    expect(storage.status.current.state).toBe('ok');
    release();
  });

  it('does not load a dependency that this tab has written', async () => {
    const storage = await open();
    const map = runOn(storage).createGroup().createMap({ a: 1 });
    await storage.waitForSync(map.id, map.core);
    const loaded: string[] = [];
    await new Promise((resolve) => storage.load(map.id, ({ id }) => loaded.push(id), resolve));
    expect(loaded).toEqual([map.id]);
  });
});

describe('two tabs', () => {
  it('[STORE-6] can write the same CoValue without losing content of either', async () => {
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
  it("load each other's content in order and in parts, without repeats", async () => {
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
  it('[STORE-9] keeps only its header and its deletion, and does not affect its neighbours', async () => {
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

  it('keeps everything if the deletion is not authorized', async () => {
    const storage = await open();
    const map = runOn(undefined).createGroup().createMap({ secret: 'word' }, null, 'trusting');
    const before = map.core.newContentSince() ?? [];
    map.core.deleteCoValue();
    // cojson has not accepted the deletion.
    for (const content of [...before, ...(map.core.newContentSince() ?? [])]) await stored(storage, content);
    await storage.eraseAllDeletedCoValues();
    expect(JSON.stringify(await segments())).toContain('secret');
  });

  it('is erased automatically if erasure is enabled', async () => {
    const storage = await open();
    storage.enableDeletedCoValuesErasure();
    const gone = runOn(storage).createGroup().createMap({ secret: 'word' }, null, 'trusting');
    await storage.waitForSync(gone.id, gone.core);
    gone.core.deleteCoValue();
    await until(async () => expect(JSON.stringify(await segments())).not.toContain('secret'));
  });
});
