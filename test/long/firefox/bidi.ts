import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A session of WebDriver BiDi, which Firefox speaks without a driver program. */
export interface Bidi {
  /** Rejects with the browser's message, or when the browser is gone. */
  send(method: string, parameters?: object): Promise<Record<string, unknown>>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly result?: Record<string, unknown>;
  readonly message?: string;
}

/** `url` as Firefox prints it. */
export async function openBidi(url: string): Promise<Bidi> {
  const socket = new WebSocket(`${url}/session`);
  const waiting = new Map<number, (answer: Answer) => void>();
  let count = 0;
  socket.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer;
    if (answer.id === undefined) return;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  socket.on('close', () => {
    for (const answer of waiting.values()) answer({ type: 'error', message: 'Firefox is gone.' });
    waiting.clear();
  });
  socket.on('error', () => {}); // `close` follows.
  await once(socket, 'open');

  function send(method: string, parameters: object = {}): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, ({ type, result = {}, message }) => {
        if (type === 'success') resolve(result);
        else reject(new Error(`${method}: ${message ?? 'no reason'}`));
      });
      socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  await send('session.new', { capabilities: {} });
  return { send, close: () => socket.terminate() };
}
