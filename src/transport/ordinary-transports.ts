import { systemClock } from '../base/clock.ts';
import { openWebSocket } from '../platform/open-web-socket.ts';
import type { Platform } from '../platform/platform.ts';
import { createHttpTransport } from './http-transport.ts';
import type { Transport } from './transport.ts';
import { createWebSocketTransport } from './web-socket.ts';

/** Sends frames over a WebSocket: the browser's own, or, in Node, one from the `ws` package. */
export function webSocketTransport(): Transport {
  return createWebSocketTransport(openWebSocket);
}

/** Sends frames over plain HTTP, for networks that block WebSockets. `fetch` replaces the global one. */
export function httpTransport({ fetch }: { readonly fetch?: typeof globalThis.fetch } = {}): Transport {
  return createHttpTransport({
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: systemClock,
  });
}

export function createTransports(
  platform: Pick<Platform, 'openWebSocket' | 'fetch' | 'clock'>,
): readonly [Transport, Transport] {
  return [createWebSocketTransport((to) => platform.openWebSocket(to)), createHttpTransport(platform)];
}
