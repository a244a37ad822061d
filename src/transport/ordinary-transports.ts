import { systemClock } from '../platform/clock.ts';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { lazyHttpTransport } from './lazy-http-transport.ts';
import type { Transport } from './transport.ts';
import { createWebSocketTransport } from './web-socket.ts';

/** Frames over a WebSocket: the browser's own, and in Node one of `ws`. */
export function webSocketTransport(): Transport {
  return createWebSocketTransport(openWebSocket);
}

/** Frames over plain HTTP: for networks that let no WebSocket through. `fetch` takes the place of the global one. */
export function httpTransport({ fetch }: { readonly fetch?: typeof globalThis.fetch } = {}): Transport {
  return lazyHttpTransport({
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: systemClock,
  });
}
