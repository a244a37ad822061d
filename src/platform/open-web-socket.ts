import type { WebSocket as NodeWebSocket } from 'ws';
import type { Socket } from './socket.ts';

/** Opens a WebSocket of the browser or worker, or of `ws` in Node, because Node 20 has none. */
export function openWebSocket(url: URL): Socket {
  const Node = nodeWebSocket();
  return Node ? new Node(url, { perMessageDeflate: false }) : new WebSocket(url);
}

/** Loads `ws` without an import, to keep it out of browser bundles. Undefined if `ws` is not installed. */
function nodeWebSocket(): typeof NodeWebSocket | undefined {
  if (!('process' in globalThis) || process.versions?.node === undefined) return undefined;
  try {
    const { createRequire } = process.getBuiltinModule('node:module');
    return createRequire(import.meta.url)('ws') as typeof NodeWebSocket;
  } catch {
    return undefined;
  }
}
