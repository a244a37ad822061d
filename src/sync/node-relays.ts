import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../base/logger.ts';
import type { Pacer } from '../base/pacer.ts';
import type { Platform } from '../platform/platform.ts';
import { createWaiting, type Confirmations } from './confirmations.ts';
import type { Coverage } from '../engine/known-counts.ts';
import type { ChannelHooks } from './hooked-transport.ts';
import type { MessageTap } from './inspection.ts';
import type { Ladder } from './ladder.ts';
import type { NodeEvents } from './node-hooks.ts';
import type { ChannelOptions, CreateNodeRelay, NodeRelay } from './node-relay.ts';
import type { OwnSessionClaim } from './own-session-claims.ts';
import type { PendingEdits } from './pending-edits.ts';
import { peerIDs } from './peer-ids.ts';
import type { RelayMemory } from '../storage/relay-memory.ts';
import type { RelayTargets } from './relay-targets.ts';
import type { SyncEventStream } from './sync-events.ts';
import type { Tabs } from './tabs/tabs.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

/** A node's relays, from before there are any. Each has its own connection: a slow one holds up no other. */
export interface NodeRelays
  extends
    Pick<NodeEvents, 'handling' | 'handled'>,
    Pick<Confirmations, 'whenHeard' | 'onOwnSessionClaim' | 'believe'> {
  /** Empty before `connect`. */
  readonly all: readonly NodeRelay[];
  /** Undefined before `connect`. */
  readonly targets: RelayTargets | undefined;
  /** Once. */
  connect(targets: RelayTargets, channels: ChannelOptions): void;
  /** There is something to send, for a page that did without its relays. */
  wake(): void;
  /** What the relays said of a CoValue, kept only until `settled`. */
  saidOf(id: string): ReadonlyMap<string, Coverage>;
  /** All pending edits are known to the ladder from now on. */
  settled(): void;
  /** Asks for what the relays do not say by themselves. */
  ask(): void;
  /** Content that waited for something else may be there now. */
  look(): void;
  confirmed(id: string, relayID: string, edits: PendingEdits): void;
  sentElsewhere(relayID: string, id: string, coverage: Coverage): void;
  /** How a relay called its storage when it said hello last; undefined where it has said nothing of it. */
  storageOf(relayID: string): string | undefined;
  setTap(tap: MessageTap | undefined): void;
  readonly channelHooks: ChannelHooks;
  /** Makes each connection anew that is wanted. */
  redial(): void;
  close(): void;
}

export function createNodeRelays(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly marks: UnconfirmedMarks;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly memory: RelayMemory;
  readonly events: SyncEventStream;
  readonly tabs: Tabs | undefined;
  readonly onChange: () => void;
  readonly createRelay: CreateNodeRelay;
}): NodeRelays {
  const { ladder } = options;
  const byID = new Map<string, NodeRelay>();
  const waiting = createWaiting();
  const sentByID = new Map<string, Coverage>();
  /** A relay may speak before a session is there to hear it. */
  const unheardClaims = new Map<RawCoID, OwnSessionClaim>();
  let claimed = (claim: OwnSessionClaim): void => void unheardClaims.set(claim.id, claim);
  let all: readonly NodeRelay[] = [];
  let targets: RelayTargets | undefined;
  let tap: MessageTap | undefined;
  const channelHooks: ChannelHooks = { tap: undefined, wrap: undefined };
  let isSettled = false;

  function connect(to: RelayTargets, channels: ChannelOptions): void {
    targets = to;
    const ids = peerIDs(to);
    ladder.useRelays(ids);
    for (const [index, id] of ids.entries()) {
      const relay = options.createRelay({
        ...{ ...options, ...channels },
        id,
        urls: to[index] ?? to[0],
        sentByID,
        claimed: (claim) => claimed(claim),
        tap: () => tap,
        channelHooks,
      });
      if (isSettled) relay.evidence.settled();
      byID.set(id, relay);
    }
    all = [...byID.values()];
    options.onChange();
  }

  return {
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
      if ('id' in message) waiting.heard(message.id);
    },
    saidOf: (id) => new Map(all.map((relay) => [relay.id, relay.evidence.saidOf(id)])),
    settled() {
      isSettled = true;
      for (const { evidence } of all) evidence.settled();
    },
    ask() {
      for (const { evidence } of all) evidence.ask();
    },
    look() {
      for (const relay of all) relay.look();
    },
    confirmed: (id, relayID, edits) => byID.get(relayID)?.confirmed(id, edits),
    sentElsewhere: (relayID, id, coverage) => byID.get(relayID)?.sentElsewhere(id, coverage),
    whenHeard: waiting.whenHeard,
    onOwnSessionClaim(listener) {
      claimed = listener;
      for (const claim of unheardClaims.values()) listener(claim);
      unheardClaims.clear();
    },
    believe: (id, found, relayID) => byID.get(relayID)?.believe(id, found),
    storageOf(relayID) {
      const storage = byID.get(relayID)?.facts().hello?.storage;
      return storage && `${storage.id}/${storage.epoch}`;
    },
    setTap: (next) => void (tap = next),
    channelHooks,
    redial() {
      for (const { connection } of all) {
        const { phase } = connection.state;
        if (phase !== 'connected' && phase !== 'connecting' && phase !== 'waiting') continue;
        connection.pause();
        connection.resume();
      }
    },
    close() {
      for (const relay of all) relay.close();
    },
  };
}
