import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import { createAnswerWaits, type Confirmations } from '../confirmations.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import { createChannelHooks, type ChannelHooks } from '../connection/hooked-transport.ts';
import type { MessageTap } from '../inspection.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { NodeEvents } from '../../engine/node-events.ts';
import { createNodeRelay, type ChannelOptions, type NodeRelay } from './node-relay.ts';
import type { OwnSessionClaim } from '../own-session-claims.ts';
import { offerOf, type PresenceEvents, type RelayPresence } from './relay-presence.ts';
import type { ReceiptEvents, RelayReceipts } from './relay-receipts.ts';
import { createSentSignatures } from '../sent-signatures.ts';
import { peerIDs } from '../connection/peer-ids.ts';
import type { ConfirmedEdit, RelayMemory } from '../../storage/remembered-relay.ts';
import type { DroppedContent } from './dropped-content.ts';
import type { DebtBook } from '../delivery/debt-book.ts';
import type { Ledger } from '../../storage/ledger.ts';
import type { DeviceStates } from '../delivery/device-states.ts';
import type { RelayAuths, RelayTargets } from '../relay-targets.ts';
import type { SyncEventStream } from '../sync-events.ts';
import type { Tabs } from '../tabs/tabs.ts';

/** A node's relays. Exists before any is connected. Each relay has its own connection, so a slow one delays no other. */
export interface NodeRelays
  extends
    Pick<NodeEvents, 'handling' | 'handled'>,
    Pick<Confirmations, 'whenAnswered' | 'onOwnSessionClaim' | 'acceptKnown' | 'whenSure'> {
  readonly receipts: RelayReceipts;
  readonly presence: RelayPresence;
  /** Empty before `connect`. */
  readonly all: readonly NodeRelay[];
  /** Undefined before `connect`. */
  readonly targets: RelayTargets | undefined;
  /** Call once. `auths`: how to sign in at each target. */
  connect(targets: RelayTargets, auths: RelayAuths, channels: ChannelOptions): void;
  /** Reopens idle connections, because there is something to send. */
  wake(): void;
  /** As `RelayEvidence.recalled`, of every relay. `need`: what an earlier run left. */
  recalled(id: RawCoID, need: KnownCounts): void;
  /** Call when all pending edits are in the ladder. */
  settled(): void;
  /** Queries what the relays do not report on their own. */
  ask(): void;
  /** Asks at once about what is pending and not in memory. */
  wakeCouriers(): void;
  /** How often the relay is known to have lost data. */
  generationOf(relayID: string): number;
  /** The ledger was read. A relay whose data are of a later generation than this tab knew is connected to again. */
  foundGenerations(generations: ReadonlyMap<string, number>): void;
  /** Whether confirmations of this generation count. */
  isCurrent(relayID: string, generation: number): boolean;
  /** Whether the ledger takes confirmations of this generation. */
  isRecorded(relayID: string, generation: number): boolean;
  /** Whether the relay has yet to acknowledge content of the CoValue. */
  isUploading(relayID: string, id: string): boolean;
  /** As `LossWatch.record`. */
  record(relayID: string, confirmed: readonly ConfirmedEdit[]): Promise<void>;
  /** As `LossWatch.whenRecorded`, of every relay. */
  whenRecorded(): Promise<unknown>;
  /** As `LossWatch.isSure`, of every relay. A relay that was lost in doubt stays in doubt. */
  isSure(): boolean;
  /** Checks again whether content that waited for a dependency has arrived. */
  check(): void;
  sentElsewhere(relayID: string, id: string, counts: KnownCounts): void;
  setTap(tap: MessageTap | undefined): void;
  readonly channelHooks: ChannelHooks;
  /** Reconnects every relay that should be connected. */
  redial(): void;
  close(): void;
}

export function createNodeRelays(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly ledger: Ledger;
  readonly debts: Pick<DebtBook, 'owe' | 'writeDebts' | 'flush'>;
  readonly states: DeviceStates;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly memory: RelayMemory;
  readonly events: SyncEventStream;
  readonly tabs: Tabs | undefined;
  readonly droppedContent: DroppedContent;
  /** What the node had before this sync, which may have been sent. */
  readonly earlier: ReadonlyMap<string, KnownCounts>;
  readonly onNotHere: (id: RawCoID) => void;
  readonly onCompared: () => void;
  readonly onChange: () => void;
}): NodeRelays {
  const { ladder } = options;
  const byID = new Map<string, NodeRelay>();
  const answerWaits = createAnswerWaits();
  const leftByID = new Map<string, KnownCounts>();
  const sentSignatures = createSentSignatures();
  /** A relay may report claims before the session listens. */
  const unreportedClaims = new Map<string, OwnSessionClaim>();
  let claimed = (claim: OwnSessionClaim): void => {
    const key = `${claim.relayID} ${claim.id}`;
    unreportedClaims.set(key, { ...unreportedClaims.get(key), ...claim });
  };
  let receipts: ReceiptEvents | undefined;
  let presence: PresenceEvents | undefined;
  let all: readonly NodeRelay[] = [];
  let targets: RelayTargets | undefined;
  let tap: MessageTap | undefined;
  const channelHooks = createChannelHooks();
  let isSettled = false;
  let untilSure: (() => void)[] = [];

  function changed(): void {
    options.onChange();
    if (!isSure()) return;
    const waiting = untilSure;
    untilSure = [];
    for (const next of waiting) next();
  }

  function isSure(): boolean {
    return all.every((relay) => relay.isSure);
  }

  function connect(to: RelayTargets, auths: RelayAuths, channels: ChannelOptions): void {
    targets = to;
    const ids = peerIDs(to);
    ladder.useRelays(ids);
    options.ledger.useRelays(ids);
    for (const [index, id] of ids.entries()) {
      const relay = createNodeRelay({
        ...options,
        ...channels,
        id,
        urls: to[index] ?? to[0],
        auth: auths[index],
        leftByID,
        sentSignatures,
        isSettled: () => isSettled,
        claimed: (claim) => claimed(claim),
        receipts: {
          connected: (...about) => receipts?.connected(...about),
          received: (...about) => receipts?.received(...about),
        },
        presence: {
          changed: () => presence?.changed(),
          received: (...about) => presence?.received(...about),
        },
        tap: () => tap,
        channelHooks,
        onChange: changed,
      });
      if (isSettled) relay.evidence.settled();
      byID.set(id, relay);
    }
    all = [...byID.values()];
    options.onChange();
  }

  return {
    receipts: {
      follow(listener) {
        receipts = listener;
        for (const { id, connection } of all) if (connection.hello) listener.connected(id, connection.hello);
      },
      challenge: (relayID, ...challenge) => byID.get(relayID)?.challenge(...challenge),
      contradicted(relayID, contradiction, error) {
        byID.get(relayID)?.contradicted(contradiction);
        if (error)
          options.events.emit('lost', { peerID: relayID, why: contradiction.why, error, contradiction });
      },
    },
    presence: {
      offer: () => offerOf(all),
      follow: (listener) => void (presence = listener),
      send(frame) {
        for (const relay of all) if (relay.offersPresence()) relay.present(frame);
      },
    },
    get all() {
      return all;
    },
    get targets() {
      return targets;
    },
    connect,
    wake() {
      for (const { connection } of all) connection.wake();
    },
    handling: (message, peer) => byID.get(peer.id)?.handling(message),
    handled(message, peer) {
      const relay = byID.get(peer.id);
      if (!relay) return;
      relay.handled(message, peer);
      if ('id' in message) answerWaits.answered(message.id);
    },
    recalled(id, need) {
      leftByID.set(id, need);
      for (const { evidence } of all) evidence.recalled(id);
    },
    settled() {
      isSettled = true;
      for (const { evidence, courier } of all) {
        evidence.settled();
        courier.wake();
      }
    },
    ask() {
      for (const { evidence } of all) evidence.ask();
    },
    isSure,
    whenSure: () =>
      new Promise((resolve) => {
        if (isSure()) resolve();
        else untilSure.push(resolve);
      }),
    check() {
      for (const relay of all) relay.check();
    },
    wakeCouriers() {
      for (const { courier } of all) courier.wake();
    },
    foundGenerations(generations) {
      for (const [relayID, generation] of generations) byID.get(relayID)?.foundGeneration(generation);
    },
    isCurrent: (relayID, generation) => byID.get(relayID)?.isCurrent(generation) ?? true,
    isRecorded: (relayID, generation) => byID.get(relayID)?.isRecorded(generation) ?? true,
    isUploading: (relayID, id) => byID.get(relayID)?.isUploading(id) ?? false,
    record: (relayID, confirmed) => byID.get(relayID)?.record(confirmed) ?? Promise.resolve(),
    whenRecorded: () => Promise.all(all.map((relay) => relay.whenRecorded())),
    generationOf: (relayID) => byID.get(relayID)?.generation ?? 0,
    sentElsewhere: (relayID, id, counts) => byID.get(relayID)?.sentElsewhere(id, counts),
    whenAnswered: answerWaits.whenAnswered,
    onOwnSessionClaim(listener) {
      claimed = listener;
      for (const claim of unreportedClaims.values()) listener(claim);
      unreportedClaims.clear();
    },
    acceptKnown: (id, found, relayID) => byID.get(relayID)?.acceptKnown(id, found),
    setTap: (next) => void (tap = next),
    channelHooks,
    redial() {
      for (const relay of all) relay.redial();
    },
    close() {
      for (const relay of all) relay.close();
    },
  };
}
