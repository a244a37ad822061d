import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerFrame } from './echo-peer.ts';

export interface EchoServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers as `answerFrame` has it. For Chromium it runs outside the page. */
export async function startEchoServer(): Promise<EchoServer> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server: http, path: '/sync', perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    const end = {
      send: (frame: string) => socket.send(frame),
      sendGarbage: () => socket.send(Buffer.from([1, 2, 3])),
      close: () => socket.close(),
      terminate: () => socket.terminate(),
    };
    socket.on('message', (data: Buffer) => answerFrame(end, data.toString('utf8')));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/sync`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}
