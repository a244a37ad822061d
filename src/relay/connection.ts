import { EventEmitter } from 'node:events';
import { cojsonInternals, type LocalNode } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import type { RawData, WebSocket } from 'ws';
import { isKernelError } from '../platform/kernel-error.ts';
import type { Logger } from '../platform/logger.ts';
import {
  encodeFrame,
  encodePing,
  readMessage,
  splitFrame,
  type HelloFrame,
  type RefusalCode,
} from '../transport/frames.ts';
import { holdAcknowledgements, type Commits } from './held-acknowledgements.ts';

/** One client, from its WebSocket's opening to its end. */
export interface Connection {
  /** When the client last gave a sign of life, in ms since the Unix epoch. */
  readonly heardAtMs: number;
  ping(): void;
  /** Takes nothing more from the client; what the node says still goes out. */
  stopReading(): void;
  /** Says why, and ends. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** Ends without waiting for the client. */
  terminate(): void;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: WebSocket;
  readonly node: LocalNode;
  readonly commits: Commits;
  readonly hello: HelloFrame;
  readonly messageBytes: number;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** Once, when the socket is closed. */
  ended(): void;
}

// RFC 6455, 7.4.1, and the registry of close codes: policy violation, message too big, service restart.
const closeCodes: Partial<Record<RefusalCode, number>> = { 'too-large': 1009, draining: 1012 };
const policyViolation = 1008;

export function serveConnection(options: ConnectionOptions): Connection {
  const { id, socket, node, commits, hello, messageBytes, nowMs, logger } = options;
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  const sending = sendingHalf(socket);
  let heardAtMs = nowMs();
  let isReading = true;

  function receive(line: string): void {
    if (line.length > messageBytes) {
      return refuse(
        'too-large',
        `A message of ${line.length} bytes is longer than the ${messageBytes} that are taken.`,
      );
    }
    const message = readMessage(line);
    if (message.kind === 'sync') incoming.push(message.message);
    else if (message.kind === 'maia' && message.frame.maia === 'echo') {
      socket.send(encodeFrame({ maia: 'echoed', t: message.frame.t }));
    }
  }

  function receiveFrame(data: RawData, isBinary: boolean): void {
    heardAtMs = nowMs();
    if (!isReading) return;
    if (isBinary) return refuse('invalid', 'Messages are text, and this one is binary.');
    try {
      for (const line of splitFrame(textOf(data))) if (isReading) receive(line);
    } catch (error) {
      if (isKernelError(error, 'MESSAGE_INVALID')) return refuse('invalid', error.message);
      // Whatever one client sends must not end the others' relay.
      logger.warn('A message could not be handled', { connection: id, error });
      refuse('invalid', 'A message could not be handled.');
    }
  }

  function refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void {
    logger.debug('A client was refused', { connection: id, code });
    const retry = retryAfterMs !== undefined && { retryAfterMs };
    socket.send(encodeFrame({ maia: 'refused', code, reason, ...retry, closing: true }));
    socket.close(closeCodes[code] ?? policyViolation);
    end();
  }

  function end(): void {
    isReading = false;
    incoming.push('Disconnected');
  }

  const heard = () => {
    heardAtMs = nowMs();
  };
  socket.on('message', receiveFrame);
  socket.on('pong', heard);
  socket.on('ping', heard);
  // A broken frame, or one above the socket's own limit: `ws` has closed with the fitting code already.
  socket.on('error', (error) => logger.debug('A connection failed', { connection: id, error }));
  socket.on('close', () => {
    end();
    sending.closed();
    options.ended();
  });

  socket.send(encodeFrame(hello));
  const peer = createWebSocketPeer({
    id,
    websocket: sending.half,
    role: 'client',
    expectPings: false,
    deletePeerStateOnClose: true,
  });
  // Messages come in checked and parsed, so the peer's own reading of text is left out.
  node.syncManager.addPeer(holdAcknowledgements({ ...peer, incoming }, commits));

  return {
    get heardAtMs() {
      return heardAtMs;
    },
    ping() {
      socket.send(encodePing(nowMs()));
      socket.ping();
    },
    stopReading() {
      isReading = false;
    },
    refuse,
    terminate: () => socket.terminate(),
  };
}

/** What `createWebSocketPeer` takes for a socket. It only sends: what arrives goes another way. */
function sendingHalf(socket: WebSocket) {
  const events = new EventEmitter();
  const half: Parameters<typeof createWebSocketPeer>[0]['websocket'] = {
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
    addEventListener: (type, listener) => void events.on(type, listener),
    removeEventListener: (type, listener) => void events.off(type, listener),
  };
  return { half, closed: () => void events.emit('close') };
}

/** With its default binary type, `ws` gives a Buffer. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
