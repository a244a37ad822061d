import { LocalNode, type StorageAPI } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { placeOf } from './stateless-client.ts';

export const crypto = await WasmCrypto.create();

/** A node with its own account and no relay. */
export async function createClientNode(storage?: StorageAPI): Promise<LocalNode> {
  const { node } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Alice' },
    crypto,
    ...(storage && { storage }),
  });
  return node;
}

/** Connects a node with the stock transport, without this kernel. Returns a function that cuts the connection. */
export function connectStock(node: LocalNode, url: string): () => void {
  const socket = addStockPeer(node, url);
  const cut = () => socket.terminate();
  onTestFinished(cut);
  return cut;
}

/** Ends a client's connection and opens another one. */
export function reconnectStock(node: LocalNode, url: string): void {
  node.syncManager.removePeer('relay');
  connectStock(node, url);
}

/** Like `connectStock`, for callers that manage the socket. */
export function addStockPeer(node: LocalNode, url: string): WebSocket {
  const socket = new WebSocket(placeOf(url));
  node.syncManager.addPeer(createWebSocketPeer({ id: 'relay', websocket: socket, role: 'server' }));
  return socket;
}

export async function createStockClient(url: string): Promise<LocalNode> {
  const node = await createClientNode();
  connectStock(node, url);
  return node;
}
