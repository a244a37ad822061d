import { cojsonInternals, type LocalNode, type SyncMessage } from 'cojson';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';
import { isKernelError } from '../platform/kernel-error.ts';
import type { Logger } from '../platform/logger.ts';
import {
  encodeFrame,
  encodePing,
  readMessage,
  type HelloFrame,
  type RefusalCode,
  type RefusedFrame,
} from '../transport/frames.ts';
import { closeWithRefusal } from './closing-refusal.ts';
import type { Eviction } from './eviction.ts';
import { createFollowing } from './following.ts';
import { holdAcknowledgements, type Commits } from './held-acknowledgements.ts';
import { createMessageReader } from './message-reader.ts';
import type { WireMeasure } from './metrics.ts';
import { createOutgoingQueue } from './outgoing-queue.ts';
import type { RelayLimits } from './relay-options.ts';
import type { Subscriptions } from './subscriptions.ts';
import { createWaitingContent } from './waiting-content.ts';
import { withholdAcknowledgements } from './withheld-acknowledgements.ts';

/** One client, from its WebSocket's opening to its end. */
export interface Connection {
  /** When the client last gave a sign of life, in ms since the Unix epoch. */
  readonly heardAtMs: number;
  ping(): void;
  /** Takes nothing more from the client; what the node says still goes out. */
  stopReading(): void;
  /** Says why, and ends. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** Tells a client that follows the CoValue of transactions that were refused, and acknowledges nothing of it any more. */
  refuseFork(coValueID: string, sessionID: string): void;
  /** Ends without waiting for the client. */
  terminate(): void;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: WebSocket;
  readonly node: LocalNode;
  readonly commits: Commits;
  readonly measure: WireMeasure;
  readonly subscriptions: Subscriptions;
  readonly eviction: Pick<Eviction, 'notFound'>;
  readonly hello: HelloFrame;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Once, when the socket is closed. */
  ended(): void;
}

/** Beyond it a client is not read until it has read: its answers wait with it, and not here. */
const unreadBytesToWaitFor = 200_000;
/** Messages of a client that wait in the node, beyond which no more are given to it. */
const messagesInNode = 100;
const tellAgainAfterMs = 10_000;
const reconnectAfterMs = 10_000;

export function serveConnection(options: ConnectionOptions): Connection {
  const { id, socket, node, measure, eviction, hello, limits, clock, logger } = options;
  const incoming = new cojsonInternals.ConnectedPeerChannel();
  const commits = withholdAcknowledgements(options.commits);
  const following = createFollowing(options.subscriptions.open());
  let heardAtMs = clock.nowMs();
  let toldAtMs = -Infinity;
  let hasEnded = false;

  const outgoing = createOutgoingQueue({
    socket,
    added() {
      if (outgoing.unreadBytes <= limits.unreadBytes) return;
      refuse(
        'limit',
        `More than ${limits.unreadBytes} bytes wait for this client to read them.`,
        reconnectAfterMs,
      );
    },
    read() {
      // A client that is not read cannot answer pings, but that it reads shows that it is there.
      if (reader.isHeldUp) heardAtMs = clock.nowMs();
      reader.go();
    },
    closed: () => socket.close(),
  });
  const reader = createMessageReader({
    socket,
    bytesPerSecond: limits.bytesPerSecond,
    clock,
    handle,
    mayRead: () => hasRoom() && following.openLoads < limits.openLoads,
    isBusy() {
      const peer = node.syncManager.peers[id];
      const queue = peer && node.syncManager.messagesQueue.peerToQueue.get(peer);
      return queue !== undefined && queue.length >= messagesInNode;
    },
    tooFast(waitMs) {
      if (clock.nowMs() - toldAtMs < tellAgainAfterMs) return;
      toldAtMs = clock.nowMs();
      const reason = `This client sends more than ${limits.bytesPerSecond} bytes a second, and is read at that rate.`;
      tell('limit', reason, { retryAfterMs: waitMs });
    },
  });

  const waiting = createWaitingContent({
    node,
    peer: () => node.syncManager.peers[id],
    maxBytes: 2 * limits.messageBytes,
    clock,
    pass: (message) => incoming.push(message),
    dropped({ id }, missing) {
      tell('limit', `It was not taken, as it depends on ${missing ?? 'content'} that nobody brought.`, {
        id,
      });
    },
    gaveUp: eviction.notFound,
  });

  const cancelFirstFrame = clock.after(limits.firstFrameMs, () =>
    refuse('limit', `Nothing was sent within ${limits.firstFrameMs} ms.`, reconnectAfterMs),
  );

  const hasRoom = () => outgoing.unreadBytes < unreadBytesToWaitFor;

  function handle(line: string): void {
    try {
      receive(line);
    } catch (error) {
      if (isKernelError(error, 'MESSAGE_INVALID')) return refuse('invalid', error.message);
      // Whatever one client sends must not end the others' relay.
      logger.warn('A message could not be handled', { connection: id, error });
      refuse('invalid', 'A message could not be handled.');
    }
  }

  function receive(line: string): void {
    if (line.length > limits.messageBytes) {
      return refuse(
        'too-large',
        `A message of ${line.length} bytes is longer than the ${limits.messageBytes} that are taken.`,
      );
    }
    const message = readMessage(line);
    measure.received(message);
    if (message.kind === 'sync') receiveSync(message.message);
    else if (message.kind === 'maia' && message.frame.maia === 'echo') {
      outgoing.sendNow(encodeFrame({ maia: 'echoed', t: message.frame.t }));
    }
  }

  function receiveSync(message: SyncMessage): void {
    following.received(message);
    if (following.count > limits.subscribed) {
      return refuse(
        'limit',
        `This client follows more than ${limits.subscribed} CoValues. Open fewer of them at a time.`,
        reconnectAfterMs,
      );
    }
    if (message.action === 'content') waiting.take(message);
    else incoming.push(message);
  }

  /** What the node has to say to the client. */
  function noteAnswer(message: SyncMessage): void {
    measure.sent(message.action);
    if (message.action === 'known' && !message.header) eviction.notFound(message.id);
    if (following.answered(message)) reader.go();
  }

  function receiveFrame(data: RawData, isBinary: boolean): void {
    heardAtMs = clock.nowMs();
    cancelFirstFrame();
    if (isBinary) refuse('invalid', 'Messages are text, and this one is binary.');
    else reader.receive(data);
  }

  /** Says why something was not done, and goes on. */
  function tell(code: RefusalCode, reason: string, about: Partial<RefusedFrame>): void {
    measure.refused(code);
    outgoing.sendNow(encodeFrame({ maia: 'refused', code, reason, ...about, closing: false }));
  }

  function refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void {
    if (hasEnded) return;
    logger.debug('A client was refused', { connection: id, code });
    measure.refused(code);
    outgoing.drop();
    closeWithRefusal(socket, code, reason, retryAfterMs);
    end();
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    cancelFirstFrame();
    reader.stop();
    waiting.close();
    incoming.push('Disconnected');
    following.close();
  }

  const heard = () => void (heardAtMs = clock.nowMs());
  socket.on('message', receiveFrame);
  socket.on('pong', heard);
  socket.on('ping', heard);
  // A broken frame, or one above the socket's own limit: `ws` has closed with the fitting code already.
  socket.on('error', (error) => logger.debug('A connection failed', { connection: id, error }));
  socket.on('close', () => {
    outgoing.drop();
    end();
    options.ended();
  });

  socket.send(encodeFrame(hello));
  const peer = holdAcknowledgements({ id, role: 'client', incoming, outgoing: outgoing.channel }, commits);
  node.syncManager.addPeer({
    ...peer,
    outgoing: {
      ...peer.outgoing,
      push(message) {
        if (message !== 'Disconnected') noteAnswer(message);
        peer.outgoing.push(message);
      },
    },
  });

  return {
    get heardAtMs() {
      return reader.isHeldUp && hasRoom() ? clock.nowMs() : heardAtMs;
    },
    ping() {
      socket.send(encodePing(clock.nowMs()));
      socket.ping();
    },
    stopReading: reader.stop,
    refuse,
    refuseFork(coValueID, sessionID) {
      if (hasEnded || !following.has(coValueID)) return;
      commits.withhold(coValueID);
      const reason = 'Other transactions of this session were stored before, by way of another relay.';
      tell('fork', reason, { id: coValueID, sessionID });
    },
    terminate: () => socket.terminate(),
  };
}
