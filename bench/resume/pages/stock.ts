import { LocalNode, type Peer, type RawAccount } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { readAccount } from './account.ts';
import { ask, kept, relayOfPage } from '../../harness/page.ts';
import { stockDatabaseName } from './stock-database.ts';

/** Opens an account like an app on stock cojson that has stored its secret. */
async function resume() {
  const { accountID, agentSecret } = kept();
  const relay = relayOfPage();
  const peers: Peer[] =
    relay === undefined
      ? []
      : [createWebSocketPeer({ id: 'relay', role: 'server', websocket: new WebSocket(relay) })];
  const [crypto, storage] = await Promise.all([
    WasmCrypto.create(),
    getIndexedDBStorage(stockDatabaseName(accountID)),
  ]);
  const node = await LocalNode.withLoadedAccount({
    accountID,
    accountSecret: agentSecret,
    sessionID: undefined,
    crypto,
    storage,
    peers,
  });
  const openMs = performance.now();
  const read = await readAccount(node, node.expectCoValueLoaded(accountID).getCurrentContent() as RawAccount);
  return { openMs, readableMs: performance.now(), ...read };
}

const resumed = resume();
ask('resumed', () => resumed);
