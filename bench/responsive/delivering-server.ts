import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SyncMessage } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Delivery } from './deliveries.ts';

const pingEveryMs = 1_500;

/** How frames are cut: a stock server joins what it cannot send at once, up to many megabytes. */
export type Sender = 'stock' | 'ours';

/**
 * A server without knowledge of cojson that sends a whole delivery as soon as a part of it is requested:
 * over stock cojson's own transport, or like our relay. Its address is /DELIVERY/SENDER/sync.
 */
export async function startDeliveringServer(deliveries: Readonly<Record<string, Delivery>>) {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  let count = 0;
  sockets.on('connection', (websocket, request) => {
    const [, name = '', sender] = request.url?.split('/') ?? [];
    const delivery = deliveries[name];
    const ids = new Set(delivery?.expected.map(({ id }) => id));
    const peer = createWebSocketPeer({
      id: `page-${count++}`,
      role: 'client',
      websocket,
      expectPings: false,
    });
    const outgoing = sender === 'ours' ? inSmallFrames(websocket) : peer.outgoing;
    const ping = () => websocket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: 'bench' }));
    const pings = setInterval(ping, pingEveryMs);
    websocket.on('close', () => clearInterval(pings));
    let isDelivered = false;
    ping();
    peer.incoming.onMessage((message: SyncMessage | 'Disconnected') => {
      if (message === 'Disconnected' || !('id' in message)) return;
      const { action, id } = message;
      if (action === 'content') outgoing.push({ action: 'known', ...coverageOf(message) });
      if (action !== 'load') return;
      if (!ids.has(id)) return outgoing.push({ action: 'known', id, header: false, sessions: {} });
      if (isDelivered) return;
      isDelivered = true;
      for (const content of delivery?.messages ?? []) outgoing.push(content);
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

/** Like our relay: joins messages up to 25 kB, and buffers at most 100 kB in the socket. */
function inSmallFrames(socket: WebSocket) {
  const waiting: string[] = [];
  let isDue = false;

  function pump(): void {
    isDue = false;
    while (waiting.length > 0 && socket.bufferedAmount < 100_000 && socket.readyState === socket.OPEN) {
      let count = 0;
      for (let length = 0; count < waiting.length && length < 25_000; count++)
        length += waiting[count]?.length ?? 0;
      socket.send(waiting.splice(0, count).join('\n'), pump);
    }
  }

  return {
    push(message: SyncMessage) {
      waiting.push(JSON.stringify(message));
      if (!isDue) process.nextTick(pump);
      isDue = true;
    },
  };
}

function coverageOf(content: Extract<SyncMessage, { action: 'content' }>) {
  const counts = Object.entries(content.new).map(
    ([session, { after, newTransactions }]) => [session, after + newTransactions.length] as const,
  );
  return { id: content.id, header: true, sessions: Object.fromEntries(counts) };
}
