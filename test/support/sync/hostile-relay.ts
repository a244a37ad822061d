import type { CojsonInternalTypes, RawCoID, SyncMessage } from 'cojson';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { testHello } from '../transport/test-hello.ts';

/** Stores nothing, acknowledges everything, and says what a test makes it say. */
export interface HostileRelay {
  readonly url: string;
  /** How many connections there were. */
  readonly connections: number;
  /** From all clients. */
  readonly received: readonly SyncMessage[];
  /** To the client that connected last, unless another one is named. */
  send(messages: readonly object[], connection?: number): void;
  close(): Promise<void>;
}

/** `answer` returns what the relay answers to a `load` in place of `known`. */
export async function startHostileRelay(
  answer: (id: RawCoID, connection: number) => readonly object[] | undefined = () => undefined,
): Promise<HostileRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const sockets: WebSocket[] = [];
  const received: SyncMessage[] = [];

  function replies(message: SyncMessage, connection: number): readonly object[] {
    if (message.action === 'reconcile') return [{ action: 'reconcile-ack', id: message.id }];
    if (message.action === 'content')
      return [{ action: 'known', id: message.id, header: true, sessions: countsOf(message) }];
    if (message.action !== 'load') return [];
    return (
      answer(message.id, connection) ?? [{ action: 'known', id: message.id, header: false, sessions: {} }]
    );
  }

  server.on('connection', (socket) => {
    const connection = sockets.push(socket) - 1;
    const ping = () => socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: '' }));
    socket.send(JSON.stringify(testHello));
    const pings = setInterval(ping, 100);
    socket.once('close', () => clearInterval(pings));
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n').filter(Boolean)) {
        const message = JSON.parse(line) as SyncMessage;
        received.push(message);
        for (const reply of replies(message, connection)) socket.send(JSON.stringify(reply));
      }
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));

  async function close(): Promise<void> {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
  onTestFinished(close);
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/sync`,
    get connections() {
      return sockets.length;
    },
    received,
    send: (messages, connection = sockets.length - 1) =>
      sockets[connection]?.send(messages.map((message) => JSON.stringify(message)).join('\n')),
    close,
  };
}

function countsOf({ new: sessions }: CojsonInternalTypes.NewContentMessage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(sessions).map(([id, { after, newTransactions }]) => [id, after + newTransactions.length]),
  );
}
