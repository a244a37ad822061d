import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../until.ts';

/** A client that sends arbitrary messages and records what it receives. */
export interface RawClient {
  /** The received messages, parsed, without pings. */
  readonly received: readonly Record<string, unknown>[];
  /** The close code, once the socket is closed. */
  readonly closeCode: number | undefined;
  send(message: object | string | Uint8Array): void;
  /** Waits for a message that contains all of `parts`. */
  waitFor(parts: object): Promise<void>;
  readonly socket: WebSocket;
}

/** Without the pings, which come at any time. */
export function messagesIn(lines: readonly string[]): Record<string, unknown>[] {
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ type }) => type !== 'ping');
}

/** Resolves once the socket is open and `hello` has arrived. */
export async function openRawClient(url: string, path = '/sync'): Promise<RawClient> {
  const socket = new WebSocket(`${url}${path}`, { perMessageDeflate: false });
  const received: Record<string, unknown>[] = [];
  let closeCode: number | undefined;
  socket.on('message', (data: Buffer) => {
    received.push(...messagesIn(data.toString('utf8').split('\n')));
  });
  socket.on('close', (code) => {
    closeCode = code;
  });
  // A relay that closes during a write breaks the pipe; tests check the close code.
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  await until(() => expect(received).not.toHaveLength(0));
  return {
    received,
    get closeCode() {
      return closeCode;
    },
    send: (message) =>
      socket.send(
        message instanceof Uint8Array || typeof message === 'string' ? message : JSON.stringify(message),
      ),
    waitFor: (parts) => until(() => expect(received).toContainEqual(expect.objectContaining(parts))),
    socket,
  };
}
