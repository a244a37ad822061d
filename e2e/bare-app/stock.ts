import { setupSyncPeers } from '@MaiaOS/kernel';
import { LocalNode, WasmCrypto, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { mountDevtools } from '@MaiaOS/kernel/devtools';
import { createInspector, type Explanation, type Inspector } from '@MaiaOS/kernel/inspect';
import { createWebSocketPeer } from 'cojson-transport-ws';

/**
 * cojson with its own transport, as in an app without the kernel, plus the devtools. Tests call it through
 * the page.
 */
export interface StockApp {
  begin(syncWhen?: 'never'): Promise<void>;
  /** Creates a map with a title, which the devtools show as its name. Returns its ID. */
  makeMap(): string;
  set(key: string, value: number): void;
  addPeer(id: string, url: string, isPersistent: boolean): void;
  removePeer(id: string): void;
  /** Connects with the kernel's sync instead. */
  setupSyncPeers(url: string): void;
  /** What cojson itself reports to apps. */
  isAllSynced(): boolean;
  /** Whether there are server peers, and each one has reported that it has all of the map. */
  isAtPeers(id: string): boolean;
  explain(id: string): Explanation;
}

let node: LocalNode | undefined;
let map: RawCoMap | undefined;
let inspector: Inspector | undefined;

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Nothing is open yet.');
  return value;
}

declare global {
  var stockApp: StockApp;
}
globalThis.stockApp = {
  async begin(syncWhen) {
    const crypto = await WasmCrypto.create();
    ({ node } = await LocalNode.withNewlyCreatedAccount({
      creationProps: { name: 'Ana' },
      crypto,
      ...(syncWhen && { syncWhen }),
    }));
    inspector = createInspector(node);
    mountDevtools({ target: node, open: true });
  },
  makeMap() {
    map = opened(node).createGroup().createMap({ title: 'Crew list' });
    return map.id;
  },
  set: (key, value) => opened(map).set(key, value),
  addPeer(id, url, isPersistent) {
    const websocket = new WebSocket(url);
    const deletePeerStateOnClose = !isPersistent;
    opened(node).syncManager.addPeer(
      createWebSocketPeer({ id, websocket, role: 'server', deletePeerStateOnClose }),
    );
  },
  removePeer: (id) => opened(node).syncManager.removePeer(id),
  setupSyncPeers: (url) => void setupSyncPeers({ node: opened(node), url }),
  isAllSynced: () => opened(node).syncManager.unsyncedTracker.isAllSynced(),
  isAtPeers(id) {
    const { syncManager } = opened(node);
    const servers = Object.values(syncManager.peers).filter(({ role }) => role === 'server');
    return (
      servers.length > 0 &&
      servers.every((peer) => syncManager.syncState.isSynced(peer, id as RawCoMap['id']))
    );
  },
  explain: (id) => opened(inspector).explain(id),
};
