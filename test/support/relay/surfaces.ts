import { openHttpClient } from './http-client.ts';
import { openRawClient } from './raw-client.ts';

export type Frame = Readonly<Record<string, unknown>>;

/** A client that sends arbitrary messages, whatever it does that over. */
export interface SurfaceClient {
  /** The received messages, parsed, without pings. */
  readonly received: readonly Frame[];
  send(message: object | string): unknown;
}

/** What a client can reach a relay by. Each resolves once `hello` has arrived. */
export const surfaces = {
  'a WebSocket': (url: string, path?: string): Promise<SurfaceClient> => openRawClient(url, path),
  async 'an event stream'(url: string, path?: string): Promise<SurfaceClient> {
    const client = await openHttpClient(url, path);
    await client.waitFor(({ received }) => received.length > 0);
    const send = (message: object | string) =>
      client.post(typeof message === 'string' ? message : JSON.stringify(message));
    return { received: client.received, send };
  },
} as const;
