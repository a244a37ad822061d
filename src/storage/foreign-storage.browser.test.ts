import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import { expect, test, vi } from 'vitest';
import { setupSyncPeers } from '../sync/setup-sync-peers.ts';
import { until } from '../../test/support/until.ts';

/** A node of the app's own, on cojson's IndexedDB storage. */
async function openOwnNode(database: string) {
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(await getIndexedDBStorage(database));
  return node;
}

/** Fails as a full device does, which has room for small records. Returns a function that makes room. */
function fill(): () => void {
  const { add } = IDBObjectStore.prototype;
  const spy = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (
    this: IDBObjectStore,
    ...record
  ) {
    if (this.name === 'transactions') throw new DOMException('No room.', 'QuotaExceededError');
    return add.apply(this, record);
  });
  return () => spy.mockRestore();
}

test('[STORE-2] an app’s own node on a full device counts nothing as saved until it is written', async () => {
  const database = `own-${crypto.randomUUID()}`;
  const node = await openOwnNode(database);
  const sync = setupSyncPeers({ node, url: 'ws://127.0.0.1:1/sync' });
  const map = node.createGroup().createMap();
  await sync.whenSaved();

  const makeRoom = fill();
  map.set('a', 1);
  await until(() => expect(sync.current.storage.state).toBe('failing'));
  expect(sync.current).toMatchObject({ saved: { pending: 1 }, storage: { error: { code: 'STORAGE_FULL' } } });
  makeRoom();
  await sync.whenSaved(map);
  expect(sync.current.storage).toEqual({ kind: 'custom', state: 'ok' });
  await sync.close();
  await node.gracefulShutdown();

  const again = await openOwnNode(database);
  const loaded = await again.load(map.id);
  expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(map.core.knownState());
  await again.gracefulShutdown();
});

test('a full device does not keep an app’s own node from shutting down', async () => {
  const database = `own-${crypto.randomUUID()}`;
  const node = await openOwnNode(database);
  const sync = setupSyncPeers({ node, url: 'ws://127.0.0.1:1/sync' });
  const makeRoom = fill();
  node.createGroup();
  await until(() => expect(sync.current.storage.state).toBe('failing'));
  await sync.close();
  await node.gracefulShutdown();
  makeRoom();
});
