import { systemClock } from '../base/clock.ts';
import { openWebSocket } from '../platform/open-web-socket.ts';
import type { Platform } from '../platform/platform.ts';
import { lazyTransport } from './lazy-transport.ts';
import type { Transport } from './transport.ts';

/** Frames over a WebSocket: the browser's own, and in Node one of `ws`. */
export function webSocketTransport(): Transport {
  return webSocketLater(openWebSocket);
}

/** Frames over plain HTTP: for networks that let no WebSocket through. `fetch` takes the place of the global one. */
export function httpTransport({ fetch }: { readonly fetch?: typeof globalThis.fetch } = {}): Transport {
  return httpLater({ fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)), clock: systemClock });
}

/** What an app gets that names no transports, with the code still to be fetched. */
export function transportsLater(
  platform: Pick<Platform, 'openWebSocket' | 'fetch' | 'clock'>,
): readonly [Transport, Transport] {
  return [webSocketLater((to) => platform.openWebSocket(to)), httpLater(platform)];
}

function webSocketLater(openSocket: Platform['openWebSocket']): Transport {
  return lazyTransport('websocket', ({ createWebSocketTransport }) => createWebSocketTransport(openSocket));
}

function httpLater(platform: Pick<Platform, 'fetch' | 'clock'>): Transport {
  return lazyTransport('http', ({ createHttpTransport }) => createHttpTransport(platform));
}
