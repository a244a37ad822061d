import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SyncMessage } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocketServer } from 'ws';
import type { Delivery } from './deliveries.ts';

const pingEveryMs = 1_500;

/**
 * A server that knows nothing, and sends all of a delivery as soon as something of it is asked for. It sends by stock
 * cojson's own transport, in the frames in which a stock server does.
 */
export async function startDeliveringServer(deliveries: Readonly<Record<string, Delivery>>) {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  let count = 0;
  sockets.on('connection', (websocket, request) => {
    const delivery = deliveries[request.url?.slice(1).split('/')[0] ?? ''];
    const ids = new Set(delivery?.expected.map(({ id }) => id));
    const peer = createWebSocketPeer({
      id: `page-${count++}`,
      role: 'client',
      websocket,
      expectPings: false,
    });
    const ping = () => websocket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: 'bench' }));
    const pings = setInterval(ping, pingEveryMs);
    websocket.on('close', () => clearInterval(pings));
    let isDelivered = false;
    ping();
    peer.incoming.onMessage((message: SyncMessage | 'Disconnected') => {
      if (message === 'Disconnected' || !('id' in message)) return;
      const { action, id } = message;
      if (action === 'content') peer.outgoing.push({ action: 'known', ...coverageOf(message) });
      if (action !== 'load') return;
      if (!ids.has(id)) return peer.outgoing.push({ action: 'known', id, header: false, sessions: {} });
      if (isDelivered) return;
      isDelivered = true;
      for (const content of delivery?.messages ?? []) peer.outgoing.push(content);
    });
  });
  await once(sockets, 'listening');
  return {
    url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await once(sockets, 'close');
    },
  };
}

function coverageOf(content: Extract<SyncMessage, { action: 'content' }>) {
  const counts = Object.entries(content.new).map(
    ([session, { after, newTransactions }]) => [session, after + newTransactions.length] as const,
  );
  return { id: content.id, header: true, sessions: Object.fromEntries(counts) };
}
