import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import type { HelloFrame } from '../../wire/frames.ts';
import type { Transport } from '../../transport/transport.ts';
import type { AccountKeys } from '../auth/account-proof.ts';
import { createCredentials } from '../auth/credentials.ts';
import type { RelayAuth } from '../auth/relay-auth.ts';
import { createClockOffset } from './clock-offset.ts';
import { createConnection, type Connection } from '../connection/connection.ts';
import { knownCountsOfContent } from '../../engine/known-counts.ts';
import type { RelayFacts } from '../delivery/describe-sync.ts';
import { recheckStored } from './recheck-stored.ts';
import type { DroppedContent } from './dropped-content.ts';
import { createDownload } from './download.ts';
import { createUpload } from './upload.ts';
import { createPacedRedial } from '../connection/paced-redial.ts';
import { randomFraction } from '../connection/random-fraction.ts';
import { guardedTransport } from '../connection/guarded-transport.ts';
import { hookedTransport, type ChannelHooks } from '../connection/hooked-transport.ts';
import { createCourier, createCourierNode, type Courier } from '../delivery/courier.ts';
import type { MessageTap, PeerInspection } from '../inspection.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { createLossWatch } from './loss-watch.ts';
import { createOwnSessionClaims, type OwnSessionClaim } from '../own-session-claims.ts';
import { isFork } from '../connection/relay-errors.ts';
import { createForeignRefusals } from './foreign-refusals.ts';
import { followRefusedContent } from './refused-content.ts';
import { createRelayEvidence, type RelayEvidence } from './relay-evidence.ts';
import type { ConfirmedEdit, RelayMemory } from '../../storage/remembered-relay.ts';
import type { SentSignatures } from '../sent-signatures.ts';
import type { SyncEventStream } from '../sync-events.ts';
import type { Tabs } from '../tabs/tabs.ts';
import type { PresenceEvents } from './relay-presence.ts';
import type { ReceiptEvents, RelayContradiction } from './relay-receipts.ts';
import { createUnacknowledged } from '../delivery/unacknowledged.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { DebtBook } from '../delivery/debt-book.ts';
import type { Ledger } from '../../storage/ledger.ts';
import type { DeviceStates } from '../delivery/device-states.ts';

export interface ChannelOptions {
  readonly transports: readonly [Transport, ...Transport[]];
  readonly appVersion?: string | undefined;
  /** The account whose keys sign in. Default: the account that the node acts for. */
  readonly account?: AccountKeys | undefined;
}

/** One relay of a node: its connection, and what its messages prove about the edits. Dials at once. */
export interface NodeRelay {
  readonly id: string;
  readonly connection: Pick<Connection, 'state' | 'hello' | 'pause' | 'resume' | 'reconnect' | 'wake'>;
  challenge: Connection['challenge'];
  present: Connection['present'];
  /** Undefined while it is not connected. */
  offersPresence(): boolean | undefined;
  /** The relay has signed what cannot be true: everything here is compared with it, and its confirmations count no more. */
  contradicted(contradiction: RelayContradiction): void;
  readonly evidence: Pick<RelayEvidence, 'recalled' | 'settled' | 'ask'>;
  readonly courier: Pick<Courier, 'wake'>;
  /** False while the relay may have lost what it confirmed. */
  readonly isSure: boolean;
  /** How often the relay is known to have lost data. */
  readonly generation: number;
  foundGeneration(generation: number): void;
  isCurrent(generation: number): boolean;
  isRecorded(generation: number): boolean;
  /** Whether the relay has yet to acknowledge content of the CoValue. */
  isUploading(id: string): boolean;
  record(confirmed: readonly ConfirmedEdit[]): Promise<void>;
  /** As `LossWatch.whenRecorded`. */
  whenRecorded(): Promise<unknown>;
  /** Reconnects if it should be connected. */
  redial(): void;
  /** Call before cojson handles the relay's message. */
  handling(message: SyncMessage): void;
  /** Call after cojson has handled the relay's message. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** Checks again whether content that waited for a dependency has arrived. */
  check(): void;
  /** Another tab has sent this much to the relay. */
  sentElsewhere(id: string, counts: KnownCounts): void;
  /** The relay was found to have this much of the node's own session. */
  acceptKnown(id: RawCoID, found: KnownCounts): void;
  facts(): RelayFacts;
  inspect(): PeerInspection;
  close(): void;
}

export interface NodeRelayOptions extends ChannelOptions {
  readonly id: string;
  readonly urls: readonly [string, ...string[]];
  readonly auth: RelayAuth | undefined;
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly memory: RelayMemory;
  readonly events: SyncEventStream;
  readonly debts: Pick<DebtBook, 'owe' | 'writeDebts' | 'flush'>;
  readonly ledger: Pick<Ledger, 'attempted' | 'written'>;
  readonly states: DeviceStates;
  readonly droppedContent: Pick<DroppedContent, 'admit' | 'lost'>;
  /** Whether the ladder counts what earlier runs left behind. */
  readonly isSettled: () => boolean;
  /** The account's tabs on this device. */
  readonly tabs:
    | Pick<Tabs, 'beginUploads' | 'filter' | 'isLeftToOther' | 'isOverdue' | 'sent' | 'lost' | 'lostData'>
    | undefined;
  /** Not all that is pending was found on this device. */
  readonly onNotHere: (id: RawCoID) => void;
  readonly receipts: ReceiptEvents;
  readonly presence: PresenceEvents;
  readonly claimed: (claim: OwnSessionClaim) => void;
  /** What the node had before this sync, by CoValue. It may have been sent. */
  readonly earlier: ReadonlyMap<string, KnownCounts>;
  /** What earlier runs left, by CoValue. */
  readonly leftByID: ReadonlyMap<string, KnownCounts>;
  /** To any relay. */
  readonly sentSignatures: SentSignatures;
  readonly tap: () => MessageTap | undefined;
  readonly channelHooks: ChannelHooks;
  /** The ledger has what the relay lacks of all that is on this device. */
  readonly onCompared: () => void;
  readonly onChange: () => void;
}

export function createNodeRelay(options: NodeRelayOptions): NodeRelay {
  const { id, node, ladder, appVersion, platform, pacer, logger } = options;
  const { memory, events, debts, ledger, tabs, droppedContent, claimed, tap, onChange } = options;
  const { clock } = platform;
  const courierNode = createCourierNode(node, id);
  const claims = createOwnSessionClaims({
    node,
    ladder,
    relayID: id,
    states: options.states,
    askAbout: courierNode.askAbout,
    listenAgain: (coValueID) => refusedContent.listenAgain(coValueID),
    onClaim: claimed,
    onAccepted(coValueID, counts) {
      evidence.heard(coValueID, counts);
      courier.proven(coValueID);
    },
    earlier: options.earlier,
    sentSignatures: options.sentSignatures,
    leftByID: options.leftByID,
  });
  const refusedContent = followRefusedContent({ node, relayID: id, onRefused: claims.refused });
  const foreignRefusals = createForeignRefusals({
    node,
    ladder,
    relayID: id,
    onDropped: (dropped) => events.emit('dropped', dropped),
  });
  const evidence = createRelayEvidence({
    node,
    ladder,
    relayID: id,
    claims: {
      ...claims,
      accepted: (coValueID, counts) =>
        foreignRefusals.withRefused(coValueID, claims.accepted(coValueID, counts)),
    },
    isSure: () => losses.isSure,
    isBelieved: () => losses.isBelieved,
    denied: () => losses.denied(),
    isLeftToOther: (coValueID) => tabs?.isLeftToOther(id, coValueID) === true,
    owe: (coValueID, counts) => debts.owe(coValueID, counts, id),
  });
  const download = createDownload({
    node,
    relayID: id,
    onCaughtUp: () => events.emit('eose', { peerID: id }),
  });
  const upload = createUpload();
  const clockOffset = createClockOffset();
  const unacknowledged = createUnacknowledged();
  const losses = createLossWatch({
    node,
    relayID: id,
    memory,
    recorded: ledger.attempted,
    clock,
    logger,
    onChange() {
      if (losses.isSure) {
        evidence.sure();
        void debts.flush();
      }
      courier.wake();
      resumeSending();
      onChange();
    },
    onRecorded() {
      void debts.flush();
      resumeSending();
      tabs?.lostData(id);
    },
    outdated() {
      ladder.relayLost(id);
      outdatedRedial.request();
    },
    async recheck(signal) {
      evidence.recheckAll();
      await recheckStored({ states: options.states, clock, signal, recheck: evidence.recheck });
      // What is missing is owed from here on, even if this run ends.
      debts.writeDebts();
      await ledger.written();
      options.onCompared();
      courier.wake();
    },
  });
  const courier = createCourier({
    ...options,
    node: courierNode,
    relayID: id,
    clock,
    onStored: claims.isStored,
    isDisputed: claims.isDisputed,
    isSettled: () => options.isSettled() && losses.isBelieved,
    isLeftToOther: (coValueID) => tabs?.isLeftToOther(id, coValueID) === true,
    isOverdue: (coValueID) => tabs?.isOverdue(id, coValueID) === true,
    onUnanswered: () => outdatedRedial.request(),
  });
  const outdatedRedial = createPacedRedial({ clock, random: () => randomFraction(platform), redial });
  /** Of the current or the latest connection. */
  let hello: HelloFrame | undefined;
  let isReady = false;
  let contradiction: RelayContradiction | undefined;

  const hooked = (transport: Transport) =>
    hookedTransport(guardedTransport(transport), { peerID: id, hooks: options.channelHooks, clock });
  const [first, ...others] = options.urls;
  const [preferred, ...instead] = options.transports;
  const connection = createConnection({
    urls: [new URL(first), ...others.map((url) => new URL(url))],
    peerID: id,
    transports: [hooked(preferred), ...instead.map(hooked)],
    credentials: createCredentials({ auth: options.auth, node, account: options.account, clock }),
    appVersion,
    hasWork: () => ladder.count('confirmed').pending > 0,
    mayUpload: () => losses.mayUpload,
    platform,
    pacer,
    on: {
      changed: onChange,
      ready(peer, its) {
        // With another storage or epoch, nothing contradicts what was signed before.
        if (!isEqual(hello?.storage, its?.storage)) contradiction = undefined;
        hello = its;
        isReady = true;
        // cojson remembers a peer by its ID, and would never resend to a relay that lost data.
        node.syncManager.removePeer(id);
        node.syncManager.addPeer(peer);
        // The relay's record then names what was heard on the connection before.
        void debts.flush();
        losses.connected(its);
        courier.connected();
        events.emit('connect', { peerID: id });
        download.connected();
        options.receipts.connected(id, its);
        options.presence.changed();
        onChange();
      },
      receipt: (signed) => options.receipts.received(id, signed),
      presence: (frame) => options.presence.received(id, frame),
      lost() {
        outdatedRedial.cancel();
        droppedContent.lost(id);
        refusedContent.lost();
        foreignRefusals.lost();
        download.lost();
        upload.lost();
        unacknowledged.lost();
        evidence.lost();
        claims.lost();
        losses.lost();
        courier.lost();
        ladder.connectionLost(id);
        tabs?.lost(id);
        if (!isReady) return;
        isReady = false;
        options.presence.changed();
        const { state } = connection;
        events.emit('disconnect', { peerID: id, ...('error' in state && { error: state.error }) });
      },
      sending: (message) => (tabs ? tabs.filter(id, message) : message),
      sent(message, bytes) {
        if (message.action === 'content') {
          upload.sent(message, bytes);
          claims.sent(message);
          tabs?.sent(id, message.id, knownCountsOfContent(message));
        }
        download.sent(message);
        unacknowledged.sent(message);
        tap()?.('sent', id, message, bytes, clock.nowMs());
      },
      drained() {
        const gone = upload.drained();
        for (const content of gone) ladder.sent(content.id, knownCountsOfContent(content), id);
        if (gone.length > 0) onChange();
      },
      received(message, bytes) {
        losses.carried();
        download.arriving(message, bytes);
        tap()?.('received', id, message, bytes, clock.nowMs());
        // Only clients may request this, and each CoValue in it costs a read and an answer.
        if (message.action === 'reconcile') return undefined;
        const admitted = message.action === 'content' ? droppedContent.admit(id, message) : message;
        const rest = admitted && claims.arriving(admitted);
        if (!rest) download.taken(message);
        return rest;
      },
      withheld(message, error) {
        logger.warn(error.message, { code: error.code, id: message.id });
        ladder.failed(message.id, error, id);
        events.emit('refused', { peerID: id, id: message.id, error });
      },
      refused(error, { id: coValueID, sessionID }) {
        if (coValueID !== undefined && foreignRefusals.refused(coValueID, sessionID, error))
          return onChange();
        logger.warn(error.message, { code: error.code });
        events.refused(id, coValueID, error);
        if (coValueID === undefined) return;
        ladder.failed(coValueID, error, id);
        if (isFork(error)) claimed({ id: coValueID as OwnSessionClaim['id'], relayID: id });
      },
      renewalFailed(error) {
        logger.warn(error.message, { code: error.code });
      },
      relayClock(timeMs, arrivedAtMs) {
        losses.carried();
        const waitedMs = clock.elapsedMs() - arrivedAtMs;
        clockOffset.addSample(timeMs, clock.nowMs() - waitedMs);
        // For nodes that correct their timestamps. cojson uses the system's clock, not the injected one.
        node.clockOffset.addSample({ serverTime: timeMs, localReceiveTime: Date.now() - waitedMs });
        onChange();
      },
    },
  });

  function resumeSending(): void {
    if (losses.mayUpload) tabs?.beginUploads(id);
    connection.resumeSending();
  }

  function redial(): void {
    const { phase } = connection.state;
    if (phase !== 'connected' && phase !== 'connecting' && phase !== 'waiting') return;
    connection.pause();
    connection.resume();
  }

  return {
    id,
    connection,
    challenge: connection.challenge,
    present: connection.present,
    offersPresence: () => (isReady ? hello?.presence === true : undefined),
    contradicted(found) {
      contradiction = found;
      losses.denied();
      onChange();
    },
    evidence,
    courier,
    get isSure() {
      return losses.isSure;
    },
    get generation() {
      return losses.generation;
    },
    foundGeneration: losses.foundGeneration,
    isCurrent: losses.isCurrent,
    isRecorded: losses.isRecorded,
    isUploading: unacknowledged.has,
    record: losses.record,
    whenRecorded: losses.whenRecorded,
    redial,
    handling: claims.check,
    handled(message, peer) {
      evidence.handled(message, peer);
      courier.handled(message);
      losses.handled(message);
      download.handled(message);
      unacknowledged.handled(message);
      onChange();
    },
    check: download.check,
    sentElsewhere: claims.mayHave,
    acceptKnown(coValueID, found) {
      claims.acceptKnown(coValueID, found);
      onChange();
    },
    facts: () => ({
      id,
      url: connection.url.href,
      transport: connection.transport,
      state: connection.state,
      hello,
      isCompared: losses.isCompared,
      isSure: losses.isSure,
      isVerified: losses.isVerified,
      download: download.state,
      upload: upload.state,
      clockOffsetMs: clockOffset.currentMs,
      quota: connection.quota,
      contradiction,
    }),
    inspect: () => ({
      id,
      bufferedBytes: connection.bufferedBytes,
      unacknowledgedMessages: unacknowledged.count,
      ...(hello && { hello }),
      receivedAtMs: options.channelHooks.receivedAtMs.get(id),
      disconnection: connection.disconnection,
      ...(isReady && { ask: connection.ask }),
    }),
    close() {
      connection.close();
      outdatedRedial.cancel();
      refusedContent.stop();
      losses.close();
    },
  };
}
