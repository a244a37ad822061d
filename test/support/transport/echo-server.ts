import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData } from 'ws';
import { systemClock } from '../../../src/base/clock.ts';
import { letPageRead } from '../../../src/relay/client/http/cross-origin.ts';
import { createHttpChannels } from '../../../src/relay/client/http/http-channels.ts';
import { answerFrame } from './echo-peer.ts';

export interface EchoServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers with `answerFrame`, over WebSocket and HTTP. For Chromium it runs outside the page. */
export async function startEchoServer(): Promise<EchoServer> {
  let response: ServerResponse | undefined;
  const channels = createHttpChannels({
    maxPayload: 20_000_000,
    bodyMs: 30_000,
    clock: systemClock,
    origins: { allows: () => true, refused() {} },
    open(_request, socket) {
      const stream = response;
      const end = {
        send: (frame: string) => socket.send(frame),
        sendGarbage: () => void stream?.write('<html>\n\n'),
        close: () => socket.close(),
        terminate: () => socket.terminate(),
      };
      socket.on('message', (data: RawData) => answerFrame(end, textOf(data)));
    },
  });
  const http = createServer((request, itsResponse) => {
    response = itsResponse;
    letPageRead(request.headers.origin ?? '*', response);
    const isForChannels = request.url === '/sync' && channels.answer(request, response);
    if (!isForChannels) response.writeHead(404).end();
  });
  const sockets = new WebSocketServer({ server: http, path: '/sync', perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    const end = {
      send: (frame: string) => socket.send(frame),
      sendGarbage: () => socket.send(Buffer.from([1, 2, 3])),
      close: () => socket.close(),
      terminate: () => socket.terminate(),
    };
    socket.on('message', (data) => answerFrame(end, textOf(data)));
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

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
