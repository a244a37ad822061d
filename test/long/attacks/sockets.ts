import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** A WebSocket upgrade request. */
export const upgrade =
  'GET /sync HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

let turn = 0;

/**
 * A raw connection from one of many local addresses, so that ports do not run out: the system reuses a closed port only
 * after a minute.
 */
export async function dialBare(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const localAddress = `127.0.0.${2 + (turn++ % 200)}`;
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  // Writing to a closing relay breaks the pipe.
  socket.on('error', () => {});
  return socket;
}

export async function dial(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url}/sync`, { perMessageDeflate: false });
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

/** Writes frames as fast as the relay reads them, and reconnects after each disconnect. */
export async function sendOn(
  url: string,
  isStopped: () => boolean,
  nextFrame: () => string | Buffer,
  sent: () => void,
  opened: (socket: WebSocket) => void = () => {},
): Promise<void> {
  while (!isStopped()) {
    const socket = await dial(url);
    opened(socket);
    while (!isStopped() && socket.readyState === socket.OPEN) {
      // This amount grows once the relay stops reading and the operating system's buffers are full.
      if (socket.bufferedAmount < 200_000) {
        socket.send(nextFrame(), (error) => {
          if (!error) sent();
        });
      }
      await (socket.bufferedAmount < 200_000 ? new Promise((resolve) => setImmediate(resolve)) : wait(1));
    }
    socket.terminate();
  }
}
