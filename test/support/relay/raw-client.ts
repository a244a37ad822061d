import { once } from 'node:events';
import { expect, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';

/** A client that sends whatever it is told, and keeps what it gets. */
export interface RawClient {
  /** Each message that arrived, parsed. */
  readonly received: readonly Record<string, unknown>[];
  /** Once the socket is closed: the code of the closing. */
  readonly closeCode: number | undefined;
  send(message: object | string | Uint8Array): void;
  /** Waits for a message that holds all of `parts`. */
  waitFor(parts: object): Promise<void>;
  readonly socket: WebSocket;
}

/** Opened, and with the relay's hello received. */
export async function openRawClient(url: string): Promise<RawClient> {
  const socket = new WebSocket(`${url}/sync`, { perMessageDeflate: false });
  const received: Record<string, unknown>[] = [];
  let closeCode: number | undefined;
  socket.on('message', (data: Buffer) => {
    for (const line of data.toString('utf8').split('\n'))
      received.push(JSON.parse(line) as Record<string, unknown>);
  });
  socket.on('close', (code) => {
    closeCode = code;
  });
  // A relay that closes in the middle of what is sent to it breaks the pipe; tests look at the close code.
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  await vi.waitFor(() => expect(received).not.toHaveLength(0));
  return {
    received,
    get closeCode() {
      return closeCode;
    },
    send: (message) =>
      socket.send(
        message instanceof Uint8Array || typeof message === 'string' ? message : JSON.stringify(message),
      ),
    waitFor: (parts) =>
      vi.waitFor(() => expect(received).toContainEqual(expect.objectContaining(parts)), {
        timeout: 5_000,
        interval: 5,
      }),
    socket,
  };
}
