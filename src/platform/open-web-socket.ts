import type { WebSocket as NodeWebSocket } from 'ws';
import type { Socket } from './socket.ts';

/** A WebSocket of this platform: the browser's or the worker's own, and in Node the one of `ws`, as Node 20 has none. */
export function openWebSocket(url: URL): Socket {
  const Node = nodeWebSocket();
  return Node ? new Node(url, { perMessageDeflate: false }) : new WebSocket(url);
}

/**
 * Not imported, so that a browser's bundle neither holds it nor looks for it. Undefined where it is not installed beside
 * this file, as in a bundle that was copied elsewhere.
 */
function nodeWebSocket(): typeof NodeWebSocket | undefined {
  if (!('process' in globalThis) || process.versions?.node === undefined) return undefined;
  try {
    const { createRequire } = process.getBuiltinModule('node:module');
    return createRequire(import.meta.url)('ws') as typeof NodeWebSocket;
  } catch {
    return undefined;
  }
}
