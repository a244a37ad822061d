import { LocalNode, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** A stock cojson server that keeps content in memory. It sends no `hello`; the kernel supports such servers, too. */
export interface StockRelay {
  readonly url: string;
  readonly port: number;
  readonly node: LocalNode;
  /** Ends the server and all connections at once. */
  close(): Promise<void>;
}

export async function startStockRelay(options: { readonly port?: number } = {}): Promise<StockRelay> {
  const node = await createAgentNode();
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: options.port ?? 0,
    perMessageDeflate: false,
  });
  let count = 0;
  server.on('connection', (websocket) => {
    const ping = setInterval(
      () => websocket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: 'test' })),
      1_000,
    );
    websocket.on('close', () => clearInterval(ping));
    node.syncManager.addPeer(
      createWebSocketPeer({
        id: `client-${count++}`,
        websocket,
        role: 'client',
        expectPings: false,
        deletePeerStateOnClose: true,
      }),
    );
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/sync`,
    port,
    node,
    close() {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A node with its own identity, without storage or peers. */
export async function createAgentNode(): Promise<LocalNode> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const session: SessionID = crypto.newRandomSessionID(crypto.getAgentID(secret));
  return new LocalNode(secret, session, crypto);
}
