import type { Peer, SyncMessage } from 'cojson';
import type { RawData } from 'ws';
import { contentRefusals, type RefusedContent } from '../admission/content-refusal.ts';
import { encodeFrame, encodePing, type RefusalCode, type RefusedFrame } from '../../wire/frames.ts';
import type { Content } from '../../engine/content.ts';
import { createClientMessages, reconnectAfterMs } from './client-messages.ts';
import { closeWithRefusal } from './closing-refusal.ts';
import type { AnswerOptions, ConnectionOptions } from './connection-options.ts';
import { createColdLoads } from './cold-loads.ts';
import { createOpenLoads } from './open-loads.ts';
import { delayAcknowledgements } from './acknowledgements.ts';
import { createInspections, type Inspections } from './inspections.ts';
import { createFrameReader } from './frame-reader.ts';
import { createNodeInbox } from './node-inbox.ts';
import { createReconciliations, maxReconciled, type Reconciliations } from './reconciliations.ts';
import { createOutgoingQueue } from './outgoing-queue.ts';
import { createDependencyQueue, type DependencyQueue } from './dependency-queue.ts';

/** Has methods, not getters: for each of thousands of idle connections, V8 would need a 450-byte dictionary. */
export interface Connection {
  /** When the client was last known to be alive, by the clock's `elapsedMs`. */
  lastSeenAtMs(): number;
  ping(): void;
  /** Stops reading from the client; messages from the node still go out. */
  stopReading(): void;
  /** Sends the reason and disconnects. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** Notifies the client of refused transactions, and stops acknowledging the session to it. */
  refuseFork(coValueID: string, sessionID: string): void;
  refuseDeletion(coValueID: string): void;
  /** Acknowledges no refused transaction of the session, and notifies the client if `isNotice`. */
  refuseContent(refused: RefusedContent, isNotice: boolean): void;
  /** Acknowledges the session again: its content was admitted after all. */
  admitted(coValueID: string, sessionID: string): void;
  /** Handles content again that was not complete. */
  takeContent(content: Content): void;
  /** Closes without waiting for the client. */
  terminate(): void;
}

/** How many loads of one client run concurrently while other clients are active, whose edits also need the database. */
const sharedOpenLoads = 20;
/** The same limit for storage lookups of dependencies, which are rare. */
const sharedLookups = 5;
const noticeIntervalMs = 10_000;

export function serveConnection(options: ConnectionOptions): Connection {
  const { id, socket, node, measure, notFound, hello, limits, clock, logger } = options;
  const turn = options.turns.open();
  const openLoads = createOpenLoads();
  let lastSeenAtMs = clock.elapsedMs();
  let noticedAtMs = -Infinity;
  let hasEnded = false;

  const outgoing = createOutgoingQueue({
    socket,
    added() {
      if (outgoing.unreadBytes() <= limits.unreadBytes) return;
      refuse(
        'limit',
        `More than ${limits.unreadBytes} bytes are waiting to be read by this client.`,
        reconnectAfterMs,
      );
    },
    read() {
      // The relay sees no pongs while it does not read from a client, but a client that reads is alive.
      if (reader.isHeldUp()) lastSeenAtMs = clock.elapsedMs();
      reader.resume();
    },
    closed: () => socket.close(),
  });
  const reader = createFrameReader({
    socket,
    turn,
    bytesPerSecond: limits.bytesPerSecond,
    clock,
    handle: (line) => messages.handle(line),
    mayRead: () =>
      outgoing.hasRoom() &&
      !inbox.isFull() &&
      !reconciliations?.isBusy() &&
      openCount() < maxOpenLoads() &&
      mayLookUp(),
    isBusy: () => inbox.isBusy(),
    throttled(waitMs) {
      if (clock.elapsedMs() - noticedAtMs < noticeIntervalMs) return;
      noticedAtMs = clock.elapsedMs();
      const reason = `This client sends more than ${limits.bytesPerSecond} bytes per second and is throttled to that rate.`;
      notify('limit', reason, { retryAfterMs: waitMs });
    },
  });

  const inbox = createNodeInbox({
    node,
    id,
    onceWritten: options.storage.onceWritten,
    committed: () => reader.resume(),
  });
  const answering: AnswerOptions = {
    node,
    peer: () => node.syncManager.peers[id],
    storage: options.storage,
    logger,
    hasRoom: outgoing.hasRoom,
    whenRoom: outgoing.whenRoom,
  };
  const coldLoads = createColdLoads({ ...answering, deliver: inbox.deliver });
  /** Created with the first content: many clients only read. */
  let dependencyQueue: DependencyQueue | undefined;
  const openDependencyQueue = () =>
    createDependencyQueue({
      node,
      peer: () => node.syncManager.peers[id],
      maxBytes: 2 * limits.messageBytes,
      mayName: options.admission.mayName,
      readBeginnings: options.beginnings.read,
      clock,
      pass,
      hasHandledAll: inbox.hasHandledAll,
      unreadable: () => refuse('storage', 'The relay cannot read from its storage.', 1_000),
      dropped({ id }, missing) {
        notify(
          'limit',
          `This content was not accepted because it depends on ${missing ?? 'other content'}, which no client has sent.`,
          {
            id,
          },
        );
      },
      gaveUp: notFound,
      lookedUp: () => reader.resume(),
    });

  function takeContent(message: Content): void {
    if (!hasEnded) (dependencyQueue ??= openDependencyQueue()).take(message);
  }

  function take(message: SyncMessage): void {
    if (message.action === 'content') takeContent(message);
    else if (!dependencyQueue?.hold(message)) pass(message);
  }

  function pass(message: SyncMessage): void {
    if (message.action === 'reconcile') (reconciliations ??= openReconciliations()).take(message);
    else if (!coldLoads.take(message)) inbox.deliver(message);
  }

  /** Created with the first comparison: the kernel's clients request none. */
  let reconciliations: Reconciliations | undefined;
  const openReconciliations = () =>
    createReconciliations({
      ...answering,
      tooMany: (count) =>
        refuse('too-large', `A comparison of ${count} CoValues exceeds the limit of ${maxReconciled}.`),
      done: reader.resume,
    });

  /** Created with the first query: most clients send none. */
  let inspections: Inspections | undefined;
  const openInspections = () =>
    createInspections({
      storage: options.storage,
      logger,
      hasRoom: outgoing.hasRoom,
      whenRoom: outgoing.whenRoom,
      send(frame) {
        measure.sent('inspected');
        outgoing.sendNow(frame);
      },
    });

  const messages = createClientMessages({
    id,
    limits,
    measure,
    openLoads,
    minAppVersion: hello.minAppVersion,
    logger,
    take,
    inspect: hello.inspect ? (frame) => (inspections ??= openInspections()).take(frame) : undefined,
    answer: outgoing.sendNow,
    refuse,
  });
  const cancelFirstFrame = clock.after(limits.firstFrameMs, () =>
    refuse('limit', `This client sent no message within ${limits.firstFrameMs} ms.`, reconnectAfterMs),
  );

  const maxOpenLoads = () =>
    turn.isShared() ? Math.min(limits.openLoads, sharedOpenLoads) : limits.openLoads;
  /** A query costs as much as a load. */
  const openCount = () => openLoads.count() + (inspections?.openCount() ?? 0);
  const mayLookUp = () =>
    dependencyQueue === undefined ||
    (dependencyQueue.lookups() < (turn.isShared() ? sharedLookups : limits.openLoads) &&
      !dependencyQueue.isFull());

  function trackOutgoing(message: SyncMessage): void {
    measure.sent(message.action);
    if (message.action === 'known' && !message.header) notFound(message.id);
    if (openLoads.answered(message)) reader.resume();
  }

  function receiveFrame(data: RawData, isBinary: boolean): void {
    lastSeenAtMs = clock.elapsedMs();
    cancelFirstFrame();
    if (isBinary) refuse('invalid', 'Binary messages are not supported. Send text.');
    else reader.receive(data);
  }

  /** Reports a refusal without disconnecting. */
  function notify(code: RefusalCode, reason: string, about: Partial<RefusedFrame>): void {
    measure.refused(code);
    outgoing.sendNow(encodeFrame({ maia: 'refused', code, reason, ...about, closing: false }));
  }

  function refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void {
    if (hasEnded) return;
    logger.debug('Refused a client', { connection: id, code });
    measure.refused(code);
    outgoing.drop();
    closeWithRefusal(socket, code, reason, retryAfterMs);
    end();
  }

  function refuseSubscriptions(): void {
    refuse(
      'limit',
      `This client subscribes to more than ${limits.subscribed} CoValues. Open fewer at a time.`,
      reconnectAfterMs,
    );
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    cancelFirstFrame();
    reader.stop();
    dependencyQueue?.close();
    inbox.close();
    coldLoads.close();
    inspections?.close();
    reconciliations?.close();
  }

  const markSeen = () => void (lastSeenAtMs = clock.elapsedMs());
  socket.on('message', receiveFrame);
  socket.on('pong', markSeen);
  socket.on('ping', markSeen);
  // A malformed or oversized frame: `ws` has already closed the socket with the matching code.
  socket.on('error', (error) => logger.debug('A connection failed', { connection: id, error }));
  socket.on('close', () => {
    outgoing.drop();
    end();
    options.ended();
  });

  socket.send(encodeFrame(hello));
  const { peer, limit, unlimit } = delayAcknowledgements(
    { id, role: 'client', incoming: inbox.channel, outgoing: outgoing.channel },
    options.storage,
    options.beginnings.heldBack,
  );
  const client: Peer = {
    ...peer,
    outgoing: {
      ...peer.outgoing,
      push(message) {
        if (message !== 'Disconnected') trackOutgoing(message);
        peer.outgoing.push(message);
      },
    },
  };
  options.subscribers.addPeer(client, (count) => {
    if (count === limits.subscribed + 1) queueMicrotask(refuseSubscriptions);
  });

  return {
    lastSeenAtMs: () => (reader.isHeldUp() && outgoing.hasRoom() ? clock.elapsedMs() : lastSeenAtMs),
    ping() {
      socket.send(encodePing(clock.nowMs()));
      socket.ping();
    },
    stopReading: reader.stop,
    refuse,
    refuseFork(coValueID, sessionID) {
      if (hasEnded) return;
      // Clients count transactions, so they would count refused ones, too. Where theirs begin to differ is not known here.
      limit(coValueID, sessionID, 0);
      const reason = 'These transactions conflict with stored transactions of the same session.';
      notify('fork', reason, { id: coValueID, sessionID });
    },
    refuseDeletion(coValueID) {
      if (!hasEnded)
        notify('forbidden', 'The author of this deletion is not allowed to delete the CoValue.', {
          id: coValueID,
        });
    },
    refuseContent({ id: coValueID, sessionID, count, reason }, isNotice) {
      if (hasEnded) return;
      measure.refusedContent(reason);
      limit(coValueID, sessionID, count);
      const { code, sentence } = contentRefusals[reason];
      if (isNotice) notify(code, sentence, { id: coValueID, sessionID });
    },
    admitted: unlimit,
    takeContent,
    terminate: () => socket.terminate(),
  };
}
