import type { SyncMessage } from 'cojson';
import type { RawData } from 'ws';
import { encodeFrame, encodePing, type RefusalCode, type RefusedFrame } from '../../wire/frames.ts';
import { createClientMessages, reconnectAfterMs } from './client-messages.ts';
import { closeWithRefusal } from './closing-refusal.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { createColdLoads } from './cold-loads.ts';
import { createFollowing } from './following.ts';
import { holdAcknowledgements } from '../held-acknowledgements.ts';
import { createInspections, type Inspections } from './inspections.ts';
import { createMessageReader } from './frame-reader.ts';
import { createNodeInbox } from './node-inbox.ts';
import { createOutgoingQueue } from './outgoing-queue.ts';
import { createWaitingContent, type WaitingContent } from './dependency-queue.ts';
import { withholdAcknowledgements } from '../withheld-acknowledgements.ts';

/**
 * One client, from its socket's opening to its end. There may be thousands that do nothing: what a connection is made
 * of has methods where a getter would do, because V8 keeps an object with a getter as a dictionary of 450 bytes.
 */
export interface Connection {
  /** When the client last gave a sign of life, in ms since the Unix epoch. */
  heardAtMs(): number;
  ping(): void;
  /** Takes nothing more from the client; what the node says still goes out. */
  stopReading(): void;
  /** Says why, and ends. */
  refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void;
  /** Tells a client that follows the CoValue of transactions that were refused, and acknowledges nothing of it any more. */
  refuseFork(coValueID: string, sessionID: string): void;
  refuseDeletion(coValueID: string): void;
  /** Ends without waiting for the client. */
  terminate(): void;
}

/** How many loads of a client are worked on while others are at work: their edits wait for one read of the database. */
const sharedOpenLoads = 20;
/** The same for what a client's content depends on and is not in memory, which is seldom much. */
const sharedLookups = 5;
const tellAgainAfterMs = 10_000;

export function serveConnection(options: ConnectionOptions): Connection {
  const { id, socket, node, measure, eviction, hello, limits, clock, logger } = options;
  const commits = withholdAcknowledgements(options.storage);
  const turn = options.turns.open();
  const following = createFollowing(options.subscriptions.open());
  let heardAtMs = clock.nowMs();
  let toldAtMs = -Infinity;
  let hasEnded = false;

  const outgoing = createOutgoingQueue({
    socket,
    added() {
      if (outgoing.unreadBytes() <= limits.unreadBytes) return;
      refuse(
        'limit',
        `More than ${limits.unreadBytes} bytes wait for this client to read them.`,
        reconnectAfterMs,
      );
    },
    read() {
      // A client that is not read cannot answer pings, but that it reads shows that it is there.
      if (reader.isHeldUp()) heardAtMs = clock.nowMs();
      reader.go();
    },
    closed: () => socket.close(),
  });
  const reader = createMessageReader({
    socket,
    turn,
    bytesPerSecond: limits.bytesPerSecond,
    clock,
    handle: (line) => messages.handle(line),
    mayRead: () => outgoing.hasRoom() && !inbox.isFull() && openCount() < openLoads() && mayLookUp(),
    isBusy: () => inbox.isBusy(),
    tooFast(waitMs) {
      if (clock.nowMs() - toldAtMs < tellAgainAfterMs) return;
      toldAtMs = clock.nowMs();
      const reason = `This client sends more than ${limits.bytesPerSecond} bytes a second, and is read at that rate.`;
      tell('limit', reason, { retryAfterMs: waitMs });
    },
  });

  const inbox = createNodeInbox({
    node,
    id,
    onceWritten: options.storage.onceWritten,
    committed: () => reader.go(),
  });
  const coldLoads = createColdLoads({
    node,
    peer: () => node.syncManager.peers[id],
    storage: options.storage,
    logger,
    follows: following.has,
    hasRoom: outgoing.hasRoom,
    whenRoom: outgoing.whenRoom,
    give: inbox.give,
  });
  /** Made with the first content: many clients only read. */
  let waiting: WaitingContent | undefined;
  const openWaiting = () =>
    createWaitingContent({
      node,
      peer: () => node.syncManager.peers[id],
      maxBytes: 2 * limits.messageBytes,
      clock,
      pass: inbox.give,
      dropped({ id }, missing) {
        tell('limit', `It was not taken, as it depends on ${missing ?? 'content'} that nobody brought.`, {
          id,
        });
      },
      gaveUp: eviction.notFound,
      lookedUp: () => reader.go(),
    });

  /** Made with the first question: most clients ask none. */
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
    following,
    coldLoads,
    minAppVersion: hello.minAppVersion,
    logger,
    takeContent: (message) => (waiting ??= openWaiting()).take(message),
    give: inbox.give,
    inspect: hello.inspect ? (frame) => (inspections ??= openInspections()).take(frame) : undefined,
    answer: outgoing.sendNow,
    refuse,
  });
  const cancelFirstFrame = clock.after(limits.firstFrameMs, () =>
    refuse('limit', `Nothing was sent within ${limits.firstFrameMs} ms.`, reconnectAfterMs),
  );

  const openLoads = () => (turn.isShared() ? Math.min(limits.openLoads, sharedOpenLoads) : limits.openLoads);
  /** A question costs what a load does. */
  const openCount = () => following.openLoads() + (inspections?.openCount() ?? 0);
  const mayLookUp = () =>
    waiting === undefined || waiting.lookups() < (turn.isShared() ? sharedLookups : limits.openLoads);

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
    waiting?.close();
    inbox.close();
    coldLoads.close();
    inspections?.close();
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
  const peer = holdAcknowledgements(
    { id, role: 'client', incoming: inbox.channel, outgoing: outgoing.channel },
    commits,
  );
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
    heardAtMs: () => (reader.isHeldUp() && outgoing.hasRoom() ? clock.nowMs() : heardAtMs),
    ping() {
      socket.send(encodePing(clock.nowMs()));
      socket.ping();
    },
    stopReading: reader.stop,
    refuse,
    refuseFork(coValueID, sessionID) {
      if (hasEnded || !following.has(coValueID)) return;
      commits.withhold(coValueID);
      const reason = 'These transactions do not go on from those of this session that are stored.';
      tell('fork', reason, { id: coValueID, sessionID });
    },
    refuseDeletion(coValueID) {
      if (!hasEnded) tell('forbidden', 'Who has deleted it may not do so.', { id: coValueID });
    },
    terminate: () => socket.terminate(),
  };
}
