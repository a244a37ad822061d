import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { relayOfPage } from '../../harness/page.ts';
import { offerArrival } from './watch-arrival.ts';

/** Creates an account like an app on stock cojson. */
async function open() {
  const websocket = new WebSocket(relayOfPage() ?? '');
  const [crypto, storage] = await Promise.all([
    WasmCrypto.create(),
    getIndexedDBStorage(`stock-${Math.random()}`),
  ]);
  const { node } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Bench' },
    crypto,
    storage,
    peers: [createWebSocketPeer({ id: 'relay', role: 'server', websocket })],
  });
  await node.syncManager.waitForAllCoValuesSync();
  return node;
}

offerArrival(open());
