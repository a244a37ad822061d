import { messagesIn } from './raw-client.ts';
import { onTestFinished } from 'vitest';
import { until } from '../until.ts';

/** A client over HTTP that sends arbitrary bodies and records what it receives. */
export interface HttpClient {
  readonly channel: string;
  /** The received messages, parsed. */
  readonly received: readonly Record<string, unknown>[];
  readonly hasEnded: boolean;
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Response>;
  waitFor(check: (client: HttpClient) => boolean): Promise<void>;
  /** Resolves once more has arrived, or the stream has ended. */
  nextArrival(): Promise<void>;
  close(): void;
}

export function openStream(
  url: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
  path = '/sync',
) {
  return fetch(`${url}${path}`, {
    headers: { accept: 'text/event-stream', ...headers },
    ...(signal && { signal }),
  });
}

/** Resolves once the stream is open; the first message may not have arrived yet. */
export async function openHttpClient(url: string, path = '/sync'): Promise<HttpClient> {
  const ending = new AbortController();
  const response = await openStream(url, {}, ending.signal, path);
  const channel = response.headers.get('maia-channel') ?? '';
  const received: Record<string, unknown>[] = [];
  const onArrival: (() => void)[] = [];
  let hasEnded = false;
  void readAll();

  async function readAll(): Promise<void> {
    let text = '';
    try {
      for await (const bytes of response.body ?? []) {
        text += Buffer.from(bytes).toString('utf8');
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          received.push(...messagesIn(event.split('\n').map((line) => line.slice(6))));
        }
        for (const resolve of onArrival.splice(0)) resolve();
      }
    } catch {
      // The stream broke off; tests check what arrived.
    }
    hasEnded = true;
    for (const resolve of onArrival.splice(0)) resolve();
  }

  const client: HttpClient = {
    channel,
    received,
    get hasEnded() {
      return hasEnded;
    },
    post: (body, headers = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body, headers: { 'maia-channel': channel, ...headers } }),
    waitFor: (check) => until(() => check(client)).then(() => undefined),
    nextArrival: () => new Promise((resolve) => onArrival.push(resolve)),
    close: () => ending.abort(),
  };
  onTestFinished(client.close);
  return client;
}
