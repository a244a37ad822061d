import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** Passes text on to the other sockets, and counts other bytes. */
export async function startPlainServer() {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    let received = 0;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) socket.send(`received ${(received += data.length)}`);
      else for (const other of sockets.clients) if (other !== socket) other.send(data, { binary: false });
    });
  });
  await once(sockets, 'listening');
  return {
    url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await once(sockets, 'close');
    },
  };
}
