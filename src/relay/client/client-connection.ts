import type { Peer, SyncMessage } from 'cojson';
import type { RawData } from 'ws';
import { contentRefusals, isByOperator, type RefusedContent } from '../admission/content-refusal.ts';
import {
  encodeFrame,
  encodePing,
  type RefusalCode,
  type RefusedFrame,
  type WelcomeFrame,
} from '../../wire/frames.ts';
import type { Content, RawCoID } from '../../engine/content.ts';
import { ClientMessages, reconnectAfterMs, type TakePart } from './client-messages.ts';
import { closeWithRefusal, spread } from './closing-refusal.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { createCutAcknowledgements } from './answers/cut-acknowledgements.ts';
import { contentParts, oversizedSession, takeInParts } from './content-parts.ts';
import { OpenLoads } from './open-loads.ts';
import { delayAcknowledgements } from './acknowledgements.ts';
import { minBytesPerSecond, scarceBytesPerSecond } from './reading/incoming-frame.ts';
import { StoredAnswers } from './answers/stored-answers.ts';
import { ArrivalLimit, maxLateBytes } from './reading/arrival-limit.ts';
import { FrameReader } from './reading/frame-reader.ts';
import { createKnownSessions } from './known-sessions.ts';
import { NodeInbox } from './node-inbox.ts';
import { maxReconciled } from './answers/reconciliations.ts';
import { createAgentLookup, type AgentLookup } from './answers/agent-lookup.ts';
import { maxBytesBeforeSignIn, SignIn } from './client-sign-in.ts';
import type { Principal } from '../auth/principal.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import { createClientGate, type ClientGate } from './rights/client-gate.ts';
import { TakenDown } from './taken-down.ts';
import { createPresenceClient, type PresenceClient } from '../presence/presence-client.ts';
import { describeQuota } from '../quota/describe-quota.ts';
import { keyOf } from '../quota/usage-rows.ts';
import { checkBlock } from '../operator/refuse-blocked.ts';
import type { RestrictedConnection } from '../operator/enforce-restrictions.ts';
import { createDependencyQueue, type DependencyQueue } from './dependency-queue.ts';

/** Has methods, not getters: for each of thousands of idle connections, V8 would need a 450-byte dictionary. */
export interface Connection extends RestrictedConnection {
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
  /** So many bytes of its content wait for their authors' roles. */
  holdsContent(bytes: number): void;
  /** Handles content again that was not complete. */
  takeContent(content: Content): void;
  /** Sends what is stored of a CoValue beyond what the client has, if the node has not loaded it. */
  sendNewer(coValueID: RawCoID): void;
  /** Closes without waiting for the client. */
  terminate(): void;
}

/** How many loads of one client run concurrently while other clients are active, whose edits also need the database. */
const sharedOpenLoads = 20;
/** The same limit for storage lookups of dependencies, which are rare. */
const sharedLookups = 5;
const noticeIntervalMs = 10_000;
/** For a client that is disconnected for its memory, which its socket keeps until it is closed. */
const closeForMemoryMs = 1_000;
const reconnectSoonMs = 1_000;
const notAuthorized = contentRefusals['not-authorized'].sentence;

/**
 * Parts that each connection keeps are classes, and other parts exist only while they have work: thousands of idle connections
 * would keep a closure for each method.
 */
export function serveConnection(options: ConnectionOptions): Connection {
  const { id, socket, node, measure, notFound, hello, limits, clock, logger } = options;
  const { authorization, restrictions } = options;
  const turn = options.turns.open();
  const account = options.memory.open({ changed: goOn, refuse: refuseForMemory });
  const openLoads = new OpenLoads();
  let lastSeenAtMs = clock.elapsedMs();
  let noticedAtMs = -Infinity;
  let hasEnded = false;

  const peer = () => node.syncManager.peers[id];
  const takenDown = new TakenDown(options, peer);
  const outgoing: OutgoingQueue = new OutgoingQueue({
    socket,
    filter: authorization
      ? { mayPass: (message) => takenDown.mayPass(message) && (gate?.mayPass(message) ?? true) }
      : takenDown,
    holds: (bytes) => account.hold('outgoing', bytes),
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
  const mayHandle = () =>
    !account.mustWait() &&
    outgoing.hasRoom() &&
    !inbox.isFull() &&
    !answers.isComparing() &&
    openCount() < maxOpenLoads() &&
    mayLookUp() &&
    signIn?.isPending() !== true &&
    lookup?.isBusy() !== true;
  const inbox = new NodeInbox({
    node,
    id,
    clock,
    onceWritten: options.storage.onceWritten,
    holds: (bytes) => account.hold('uncommitted', bytes),
    committed: () => reader.resume(),
    waiting: () => reader.resume(),
  });
  const reader = new FrameReader({
    socket,
    turn,
    bytesPerSecond: limits.bytesPerSecond,
    clock,
    inbox: authorization
      ? {
          hasWaiting: () => inbox.hasWaiting() || gate?.hasNext() === true,
          handOn() {
            if (inbox.hasWaiting()) return inbox.handOn();
            messages.handWaiting(() => gate?.handOn());
            return true;
          },
        }
      : inbox,
    handle: (line) => messages.handle(line),
    handlePart: () => messages.handlePart(),
    holds: (bytes) => account.hold('received', bytes),
    mayReceive: () => !account.mustWait(),
    mayRead: authorization ? () => mayHandle() && gate?.isFull() !== true : mayHandle,
    throttled(waitMs) {
      if (clock.elapsedMs() - noticedAtMs < noticeIntervalMs) return;
      noticedAtMs = clock.elapsedMs();
      const reason = `This client sends more than ${limits.bytesPerSecond} bytes per second and is throttled to that rate.`;
      notify('limit', reason, { retryAfterMs: waitMs });
    },
  });

  const deliver = (message: SyncMessage) => inbox.deliver(message);
  const knownSessions = createKnownSessions(peer, (bytes) => account.hold('known', bytes));
  const answers: StoredAnswers = new StoredAnswers({
    node,
    peer,
    storage: options.storage,
    isTakenDown: restrictions.isTakenDown,
    logger,
    deliver,
    goesAlong: authorization && ((coValueID, root) => gate?.goesAlong(coValueID, root)),
    hasRoom: () => outgoing.hasRoom(),
    whenRoom: () => outgoing.whenRoom(),
    mayBegin: () => !account.mustWait(),
    holds: (bytes) => account.hold('loads', bytes),
    send(frame) {
      measure.sent('inspected');
      outgoing.sendNow(frame);
    },
    tooMany: (count) =>
      refuse('too-large', `A comparison of ${count} CoValues exceeds the limit of ${maxReconciled}.`),
    compared: () => reader.resume(),
  });
  /** Created with the first content: many clients only read. */
  let dependencyQueue: DependencyQueue | undefined;
  const openDependencyQueue = () =>
    createDependencyQueue({
      node,
      peer,
      maxBytes: 2 * limits.messageBytes,
      mayName: options.admission.mayName,
      isTakenDown: options.restrictions.isTakenDown,
      isBarred: (author) => options.restrictions.barredBy(author) !== undefined,
      readBeginnings: options.beginnings.read,
      clock,
      pass,
      hasHandledAll: () => inbox.hasHandledAll(),
      holds: (bytes) => account.hold('waiting', bytes),
      unreadable: () => refuse('storage', 'The relay cannot read from its storage.', 1_000),
      dropped({ id }, missing) {
        // The content that it depends on had no room either.
        if (options.usage?.payerOf(options.id)?.isRefused(options.id))
          return notify('quota', contentRefusals.quota.sentence, { id });
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

  /** Content of what is taken down is refused at once, so it need not wait for what it depends on. */
  function takeContent(message: Content): void {
    if (hasEnded) return;
    if (options.restrictions.isTakenDown(message.id)) inbox.deliver(message);
    else (dependencyQueue ??= openDependencyQueue()).take(message);
  }

  function take(received: SyncMessage): TakePart | undefined {
    openLoads.received(received);
    const message = takenDown.receive(received);
    if (!message) return undefined;
    knownSessions.note(message);
    acknowledgements.received(message);
    if (message.action === 'content') return takeAllowed(message);
    if (!dependencyQueue?.hold(message)) pass(message);
    return undefined;
  }

  function takeAllowed(message: Content): TakePart | undefined {
    const tooMuch = oversizedSession(message);
    if (options.storage.refusal() !== undefined)
      refuse('storage', 'The disk of the relay is almost full.', reconnectAfterMs);
    else if (tooMuch !== undefined)
      refuse('too-large', `${tooMuch}. Send such a session in several messages.`);
    else return takeInParts(contentParts(message), takeContent);
    return undefined;
  }

  function pass(message: SyncMessage): void {
    if (!answers.take(message)) inbox.deliver(message);
  }

  /** Instead of a peer. */
  let lookup: AgentLookup | undefined;
  const signIn = options.signInMethods && openSignIn(options.signInMethods);
  /** Of a client that has not signed in, or was refused. */
  let arrivals = signIn && new ArrivalLimit(maxBytesBeforeSignIn, refuseLongStranger);
  function openSignIn(methods: SignInMethods): SignIn {
    return new SignIn({
      methods,
      withinMs: limits.authMs,
      clock,
      refuse,
      notify: (code, reason, retryAfterMs) =>
        notify(code, reason, retryAfterMs === undefined ? {} : { retryAfterMs }),
      enter,
      welcome: (frame) => outgoing.sendNow(encodeFrame(frame)),
      countLookup: () => options.signInLimits.countLookup(options.address),
      lookUp(agentID) {
        lookup = createAgentLookup({
          ...{ agentID, storage: options.storage, logger, refuse },
          isTakenDown: (id) => options.restrictions.isTakenDown(id),
          send(message) {
            measure.sent(message.action);
            outgoing.sendNow(JSON.stringify(message));
          },
          holds: (bytes) => account.hold('loads', bytes),
          answered: () => reader.resume(),
        });
        reader.resume();
      },
      entered() {
        arrivals = undefined;
        addPeer();
        reader.resume();
      },
      failed: () => options.signInLimits.signInFailed(options.address),
    });
  }

  const gate: ClientGate | undefined =
    authorization &&
    createClientGate({
      ...{ authorization, id, node, clock, peer, take },
      mayTake: mayHandle,
      storage: options.storage,
      random: options.random,
      user: () => signIn?.user(),
      inspect: (frame, isHidden) => answers.inspect(frame, isHidden),
      release: (kept) => {
        const allowed = kept.filter((message) => takenDown.mayPass(message));
        outgoing.release(allowed);
        outgoing.discard(kept.filter((message) => !allowed.includes(message)));
      },
      drop: (kept) => outgoing.discard(kept),
      settled: () => reader.resume(),
      holds: (bytes) => account.hold('undecided', bytes),
      refuseContent,
      refuseEmpty: (coValueID) => notify('forbidden', notAuthorized, { id: coValueID }),
      admitted: (...session) => unlimit(...session),
      reconnect: () => refuse('storage', 'What this client may load has changed.', reconnectSoonMs),
    });

  async function enter(principal: Principal): Promise<WelcomeFrame['quota']> {
    if (!options.usage) return undefined;
    const payer = await options.usage.enter(id, keyOf(principal.id));
    // It may have been blocked meanwhile.
    checkBlock(principal, options.restrictions, clock.nowMs());
    return describeQuota(payer);
  }

  let presence: PresenceClient | undefined;
  function openPresence(): PresenceClient {
    return createPresenceClient({
      rooms: options.presence,
      clock,
      offer(text) {
        if (outgoing.offer(text)) measure.sent('presence');
      },
      mayLoad: (coValueID) => !restrictions.isTakenDown(coValueID) && (gate?.mayLoad(coValueID) ?? true),
      accountID() {
        const user = signIn?.user();
        return user?.kind === 'account' ? user.id : undefined;
      },
      isBarred: (accountID) => restrictions.barredBy(accountID) !== undefined,
      notify: (code, reason) => notify(code, reason, {}),
      holds: (bytes) => account.hold('presence', bytes),
    });
  }

  const messages = new ClientMessages({
    id,
    signIn,
    lookup: () => lookup,
    limits,
    measure,
    minAppVersion: hello.minAppVersion,
    logger,
    take: gate ? (message) => gate.take(message) : take,
    greeted: (hi) => acknowledgements.greeted(hi),
    inspect: !hello.inspect
      ? undefined
      : (frame) => {
          if (gate) gate.inspect(frame);
          else answers.inspect(frame, false);
        },
    showPresence: (frame) => (presence ??= openPresence()).take(frame),
    answer: (frame) => outgoing.sendNow(frame),
    challenged: options.challenged,
    refuse,
  });
  const cancelFirstFrame = clock.after(limits.firstFrameMs, () =>
    refuse('limit', `This client sent no message within ${limits.firstFrameMs} ms.`, reconnectAfterMs),
  );

  const maxOpenLoads = () =>
    turn.isShared() ? Math.min(limits.openLoads, sharedOpenLoads) : limits.openLoads;
  /** A query costs as much as a load. */
  const openCount = () => openLoads.count() + answers.openQueries();
  const mayLookUp = () =>
    dependencyQueue === undefined ||
    (dependencyQueue.lookups() < (turn.isShared() ? sharedLookups : limits.openLoads) &&
      !dependencyQueue.isFull());

  function trackOutgoing(message: SyncMessage): void {
    measure.sent(message.action);
    if (message.action === 'known' && !message.header) notFound(message.id);
    if (openLoads.answered(message)) reader.resume();
  }

  function goOn(): void {
    reader.resume();
    answers.resume();
  }

  function refuseLongStranger(): void {
    refuse('too-large', `Before it has signed in, a client may send ${maxBytesBeforeSignIn} bytes.`);
  }

  function receiveFrame(data: RawData, isBinary: boolean): void {
    lastSeenAtMs = clock.elapsedMs();
    cancelFirstFrame();
    arrivals?.arrived(Buffer.isBuffer(data) ? data.length : 0);
    if (isBinary) refuse('invalid', 'Binary messages are not supported. Send text.');
    else reader.receive(data);
  }

  /** Reports a refusal without disconnecting. */
  function notify(code: RefusalCode, reason: string, about: Partial<RefusedFrame>): void {
    measure.refused(code);
    outgoing.sendNow(encodeFrame({ maia: 'refused', code, reason, ...about, closing: false }));
  }

  function refuseContent(
    { id: coValueID, sessionID, count, reason }: RefusedContent,
    isNotice: boolean,
  ): void {
    if (hasEnded) return;
    measure.refusedContent(reason);
    if (sessionID !== '') limit(coValueID, sessionID, count);
    if (isByOperator(reason)) takenDown.hasWithheld = true;
    const { code, sentence } = contentRefusals[reason];
    if (isNotice) notify(code, sentence, { id: coValueID, ...(sessionID !== '' && { sessionID }) });
  }

  function refuse(code: RefusalCode, reason: string, retryAfterMs?: number): void {
    if (hasEnded) return;
    logger.debug('Refused a client', { connection: id, code });
    measure.refused(code);
    outgoing.drop();
    const spreadMs = retryAfterMs === undefined ? undefined : spread(retryAfterMs, options.random);
    closeWithRefusal(socket, code, reason, spreadMs);
    end();
  }

  function refuseSubscriptions(): void {
    refuse(
      'limit',
      `This client subscribes to more than ${limits.subscribed} CoValues. Open fewer at a time.`,
      reconnectAfterMs,
    );
  }

  function refuseSlowMessage(bytesPerSecond: number): void {
    refuse(
      'limit',
      `An unfinished message arrived more slowly than ${bytesPerSecond} bytes per second.`,
      reconnectAfterMs,
    );
  }

  function refuseForMemory(): void {
    refuse(
      'limit',
      'The relay is short of memory, and this client uses more than its share.',
      reconnectAfterMs,
    );
    // The socket keeps what it has of an unfinished message until it is closed, which a hostile client can delay.
    socket.pause();
    clock.after(closeForMemoryMs, () => socket.terminate());
    if (socket.bufferedAmount === 0) setImmediate(() => socket.terminate());
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    const isStranger = signIn?.isDone() === false;
    arrivals = new ArrivalLimit(maxLateBytes[isStranger ? 'stranger' : 'client'], () => socket.terminate());
    cancelFirstFrame();
    reader.stop();
    dependencyQueue?.close();
    gate?.close();
    inbox.close();
    answers.close();
    presence?.close();
    signIn?.close();
    lookup?.close();
  }

  const markSeen = () => void (lastSeenAtMs = clock.elapsedMs());
  options.incoming?.onChange((bytes) => {
    account.hold('unfinished', bytes);
    arrivals?.unfinished(bytes);
  });
  socket.on('message', receiveFrame);
  socket.on('pong', markSeen);
  socket.on('ping', () => {
    markSeen();
    arrivals?.arrived(0);
  });
  // A malformed or oversized frame: `ws` has already closed the socket with the matching code.
  socket.on('error', (error) => logger.debug('A connection failed', { connection: id, error }));
  socket.on('close', () => {
    outgoing.drop();
    end();
    account.close();
    options.ended();
  });

  socket.send(encodeFrame(signIn ? { ...hello, auth: signIn.demand() } : hello));
  const {
    peer: delayed,
    limit,
    unlimit,
    isLimited,
  } = delayAcknowledgements(
    { id, role: 'client', incoming: inbox.channel, outgoing },
    options.storage,
    options.beginnings.heldBack,
  );
  const acknowledgements = createCutAcknowledgements({
    node,
    peerID: id,
    handled: options.handled,
    isLimited,
  });
  const client: Peer = {
    ...delayed,
    outgoing: {
      ...delayed.outgoing,
      push(message) {
        if (message !== 'Disconnected') {
          trackOutgoing(message);
          gate?.sending(message);
        }
        delayed.outgoing.push(message === 'Disconnected' ? message : acknowledgements.cut(message));
      },
    },
  };
  function addPeer(): void {
    options.subscribers.addPeer(client, (count) => {
      if (count === limits.subscribed + 1) queueMicrotask(refuseSubscriptions);
    });
  }
  if (!signIn) addPeer();

  return {
    lastSeenAtMs: () => (reader.isHeldUp() && outgoing.hasRoom() ? clock.elapsedMs() : lastSeenAtMs),
    ping() {
      if (reader.isHeldUp()) options.incoming?.restart();
      else {
        const bytesPerSecond = options.memory.isScarce() ? scarceBytesPerSecond : minBytesPerSecond;
        if (options.incoming?.isTooSlow(bytesPerSecond)) return refuseSlowMessage(bytesPerSecond);
      }
      socket.send(encodePing(clock.nowMs()));
      socket.ping();
    },
    stopReading: () => reader.stop(),
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
    refuseContent,
    admitted: unlimit,
    holdsContent: (bytes) => account.hold('held', bytes),
    takeContent,
    sendNewer(coValueID) {
      if (!hasEnded) answers.sendNewer(coValueID);
    },
    user: () => signIn?.user(),
    isRestricted: () => takenDown.hasWithheld,
    terminate: () => socket.terminate(),
  };
}
