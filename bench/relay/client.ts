import { LocalNode, type RawGroup } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocket } from 'ws';

const crypto = await WasmCrypto.create();

/** Stock cojson on stock cojson's transport, the same for every server. */
export interface Client {
  readonly node: LocalNode;
  /** Calls `listener` for each incoming frame, before cojson sees it. */
  onFrame(listener: (text: string) => void): void;
  close(): void;
}

/** A node with its own account and no relay. */
export async function createNode(): Promise<LocalNode> {
  const { node } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'Bench' }, crypto });
  return node;
}

export async function connect(node: LocalNode, url: string): Promise<Client> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const listeners = new Set<(text: string) => void>();
  socket.on('message', (data: Buffer) => {
    if (listeners.size === 0) return;
    const text = data.toString('utf8');
    for (const listener of listeners) listener(text);
  });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  node.syncManager.addPeer(createWebSocketPeer({ id: 'relay', websocket: socket, role: 'server' }));
  await opened;
  return {
    node,
    onFrame: (listener) => void listeners.add(listener),
    close() {
      node.syncManager.removePeer('relay');
      socket.terminate();
    },
  };
}

/** A group that everyone can read, like that of a shared list. */
export function createSharedGroup(node: LocalNode): RawGroup {
  const group = node.createGroup();
  group.addMember('everyone', 'reader');
  return group;
}
