import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import {
  knownCountsOfState,
  covers,
  deletionOnly,
  mergeCounts,
  missingIn,
  type KnownCounts,
} from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { OwnSessionClaims } from './own-session-claims.ts';
import { atRelay, isAt } from './pending-edits.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../engine/covalue-lookup.ts';

/** Derives what is confirmed from the relay's `known` and `load` messages, and from nothing else. */
export interface RelayEvidence {
  handled(message: SyncMessage, peer: PeerState): void;
  /** What the relay has reported about a CoValue on this connection. Kept only until `settled` and `sure`. */
  reportedCounts(id: string): KnownCounts;
  /** Call when all pending edits are in the ladder. */
  settled(): void;
  /** Call when earlier confirmations from this relay are known to be reliable. */
  sure(): void;
  /** Queries CoValues that the relay sent: it acknowledges only what it receives, and its content confirms nothing. */
  ask(): void;
  /** Queries some of the unconfirmed CoValues and returns how many. */
  askPending(): number;
  /** The relay has lost data, so only what it has reported on this connection counts. */
  recheckAll(): void;
  /** Like `recheckAll`, for one CoValue; `need` is what this device has of it. */
  recheck(id: RawCoID, need: KnownCounts): void;
  lost(): void;
}

/** Per query round, so that answers can arrive in between. */
const maxAsked = 100;

export function createRelayEvidence(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  readonly claims: Pick<OwnSessionClaims, 'accepted'>;
  /** Whether the relay has shown on this connection that it still has its earlier data. */
  readonly isSure: () => boolean;
  /** Another tab uploads it and will announce the relay's answer. */
  readonly isLeftToOther: (id: string) => boolean;
}): RelayEvidence {
  const { node, ladder, relayID, claims, isSure, isLeftToOther } = options;
  const said = new Map<string, KnownCounts>();
  const sentByRelay = new Map<RawCoID, PeerState>();
  let isSettled = false;

  /** Everything this device has of a CoValue that a relay should have. */
  function localCounts(id: RawCoID): KnownCounts {
    const core = getAvailableCoValue(node, id);
    if (!core) return {};
    const state = knownCountsOfState(core.knownState());
    return core.isDeleted ? deletionOnly(state) : state;
  }

  function knownAt(peer: PeerState, id: RawCoID): KnownCounts {
    return knownCountsOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
  }

  function isPending(id: RawCoID): boolean {
    const edits = ladder.pending.get(id);
    return edits !== undefined && !isAt(edits, 'confirmed', relayID);
  }

  function recheck(id: RawCoID, need: KnownCounts): void {
    ladder.missing(id, need, relayID);
    // The relay has already reported or sent it on this connection, and will not do so again unasked.
    ladder.confirmed(id, said.get(id) ?? {}, relayID);
    const peer = node.syncManager.peers[relayID];
    if (peer) sentByRelay.set(id, peer);
  }

  function reportDeletion(id: RawCoID): void {
    const { header: _, ...deletion } = localCounts(id);
    ladder.deleted(id, deletion);
    // The deletion may have been saved before any edit that it ends was pending.
    const stored = node.storage?.getKnownState(id);
    if (stored) ladder.saved(id, deletionOnly(knownCountsOfState(stored)));
  }

  return {
    handled(message, peer) {
      const { action, id } = message;
      if (action === 'reconcile' || action === 'reconcile-ack' || action === 'done') return;
      if (getOrCreateCoValue(node, id).isDeleted) reportDeletion(id);
      if (action === 'content') return void sentByRelay.set(id, peer);
      const state = claims.accepted(id, knownCountsOfState(message));
      // This is how a relay reveals that it lost data. Content that the relay sent itself counts as present, because a
      // delayed acknowledgement may be older than that content.
      ladder.missing(id, missingIn(mergeCounts(knownAt(peer, id), state), localCounts(id)), relayID);
      ladder.confirmed(id, state, relayID);
      if (!isSettled || !isSure()) said.set(id, mergeCounts(said.get(id) ?? {}, state));
    },
    reportedCounts: (id) => said.get(id) ?? {},
    settled() {
      isSettled = true;
      if (isSure()) said.clear();
    },
    sure() {
      if (isSettled) said.clear();
    },
    ask() {
      if (!isSettled) return;
      for (const [id, peer] of sentByRelay) {
        const core = getAvailableCoValue(node, id);
        const isAll = covers(knownAt(peer, id), localCounts(id));
        if (core && isAll && isPending(id) && !isLeftToOther(id)) {
          node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
        }
      }
      sentByRelay.clear();
    },
    askPending() {
      const peer = node.syncManager.peers[relayID];
      if (!peer || !isSettled) return 0;
      const ids = [...ladder.pending]
        .filter(
          ([id, edits]) =>
            !isAt(edits, 'confirmed', relayID) && !atRelay(edits, relayID).error && !isLeftToOther(id),
        )
        .slice(0, maxAsked)
        .map(([id]) => id as RawCoID);
      for (const id of ids) {
        const core = getOrCreateCoValue(node, id);
        if (core.isAvailable())
          node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
        // Once it is loaded, cojson queries the relay.
        else core.loadFromStorage();
      }
      return ids.length;
    },
    recheck,
    recheckAll() {
      // Another tab may have announced a confirmation from before the relay lost data, while this tab was not connected.
      ladder.connectionLost(relayID);
      for (const [id, counts] of said) ladder.confirmed(id, counts, relayID);
      for (const { id } of node.allCoValues()) {
        recheck(id, localCounts(id));
      }
    },
    lost() {
      said.clear();
      sentByRelay.clear();
    },
  };
}
