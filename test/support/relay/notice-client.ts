import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../until.ts';

export interface NoticeClient {
  readonly socket: WebSocket;
  /** All that the relay has sent. */
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  send(message: unknown): void;
  /** Resolves with the code. */
  readonly closed: Promise<number>;
  /** The notices so far, as lists of collections. */
  notices(): readonly (readonly string[])[];
  received(type: string): Promise<unknown>;
}

/** `url`: of a relay, or of an app there, as for requests. */
export function openNotices(url: string, headers: Readonly<Record<string, string>> = {}): NoticeClient {
  const { origin, pathname } = new URL(url);
  const address = `${origin.replace('http', 'ws')}${pathname === '/' ? '/ws' : pathname.replace('/sync', '/ws')}`;
  const socket = new WebSocket(address, { headers });
  onTestFinished(() => socket.terminate());
  const messages: Record<string, unknown>[] = [];
  const waiting: string[] = [];
  socket.on('open', () => waiting.forEach((text) => socket.send(text)));
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as never));
  socket.on('error', () => {});
  return {
    socket,
    messages,
    closed: new Promise((resolve) => socket.on('close', resolve)),
    send(message) {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(text);
      else socket.send(text);
    },
    notices: () =>
      messages
        .filter(({ type }) => type === 'sync-available')
        .map(({ tables }) => tables as readonly string[]),
    received: (type) => until(() => expect(messages).toContainEqual(expect.objectContaining({ type }))),
  };
}

interface HasID {
  readonly id: string;
}

/** Resolves once the client is in. */
export async function watch(
  url: string,
  of: readonly HasID[],
  fields: { readonly token?: unknown; readonly clientId?: string } = {},
): Promise<NoticeClient> {
  const client = openNotices(url);
  client.send({ type: 'auth', clientId: 'watcher', collections: of.map(({ id }) => id), ...fields });
  await until(() => expect(client.messages[0]).toEqual({ type: 'auth-ok' }));
  return client;
}
