import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import type { Content } from '../../engine/content.ts';
import {
  knownCountsOfContent,
  knownCountsOfState,
  covers,
  deletionOnly,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { OwnSessionClaims } from '../own-session-claims.ts';
import { atRelay, isAt, needOf, noEdits } from '../delivery/pending-edits.ts';
import { reportDeletion } from '../delivery/report-deletion.ts';
import { getAvailableCoValue, getKnownCoValue, localCounts } from '../../engine/covalue-lookup.ts';
import { isPartial } from '../../wire/sync-message.ts';

/** Derives what is confirmed from the relay's `known` and `load` messages, and from nothing else. */
export interface RelayEvidence {
  handled(message: SyncMessage, peer: PeerState): void;
  /** The relay has reported this much of a CoValue on this connection. */
  heard(id: RawCoID, counts: KnownCounts): void;
  /** The ladder has what an earlier run left. Counts again what the relay has reported about it on this connection. */
  recalled(id: RawCoID): void;
  /** Call when all pending edits are in the ladder. */
  settled(): void;
  /** Call when earlier confirmations from this relay are known to be reliable. */
  sure(): void;
  /** Queries CoValues that the relay sent: it acknowledges only what it receives, and its content confirms nothing. */
  ask(): void;
  /** The relay has lost data, so only what it has reported on this connection counts. */
  recheckAll(): void;
  /** Like `recheckAll`, for one CoValue; `need` is what this device has of it. */
  recheck(id: RawCoID, need: KnownCounts): void;
  lost(): void;
}

export function createRelayEvidence(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  readonly claims: Pick<OwnSessionClaims, 'accepted' | 'checkAgain' | 'mayHave'>;
  /** Whether the relay has shown on this connection that it still has its earlier data. */
  readonly isSure: () => boolean;
  /** Until then nothing that it says counts. */
  readonly isBelieved: () => boolean;
  /** The relay lacks a CoValue, or an edit of this node's session, that was confirmed. */
  readonly denied: () => void;
  /** Another tab uploads it and will announce the relay's answer. */
  readonly isLeftToOther: (id: string) => boolean;
  /** The relay must get this much, in the generation of its data that has begun. */
  readonly owe: (id: RawCoID, counts: KnownCounts) => void;
}): RelayEvidence {
  const { node, ladder, relayID, claims, isSure, isBelieved, denied, isLeftToOther, owe } = options;
  const said = new Map<string, KnownCounts>();
  const sentByRelay = new Map<RawCoID, PeerState>();
  let isSettled = false;

  function knownAt(peer: PeerState, id: RawCoID): KnownCounts {
    return knownCountsOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
  }

  /** Other sessions' edits may not have reached this relay yet, and with several relays whole CoValues. */
  function isDenial(id: RawCoID, lacking: KnownCounts): boolean {
    const edits = ladder.pending.get(id) ?? noEdits;
    // What another relay has yet to confirm may be settled here.
    const need = missingIn(atRelay(edits, relayID).confirmed, needOf(edits));
    const settled = ladder.relayIDs.length > 1 ? [node.currentSessionID] : ['header', node.currentSessionID];
    return isSettled && settled.some((session) => session in lacking && !(session in need));
  }

  function isPending(id: RawCoID): boolean {
    const edits = ladder.pending.get(id);
    return edits !== undefined && !isAt(edits, 'confirmed', relayID);
  }

  function hasTaken(content: Content): boolean {
    if (getKnownCoValue(node, content.id)?.isDeleted) return true;
    return covers(localCounts(node, content.id), knownCountsOfContent(content));
  }

  function heard(id: RawCoID, counts: KnownCounts): void {
    if (isBelieved()) ladder.confirmed(id, counts, relayID);
    if (!isSettled || !isSure()) said.set(id, mergeCounts(said.get(id) ?? {}, counts));
  }

  function recheck(id: RawCoID, stored: KnownCounts): void {
    // The disk may not have the deletion yet, or still what it ended.
    const need = getKnownCoValue(node, id)?.isDeleted ? deletionOnly(stored) : stored;
    // A relay has confirmed what is not pending, so nobody else can have written it under this session.
    claims.mayHave(id, missingSessions(needOf(ladder.pending.get(id) ?? noEdits), need));
    // Also what is pending: in the ledger, all relays may have confirmed it in earlier generations.
    owe(id, need);
    ladder.missing(id, need, relayID);
    // The relay has already reported or sent it on this connection, and will not do so again unasked.
    ladder.confirmed(id, said.get(id) ?? {}, relayID);
    const peer = node.syncManager.peers[relayID];
    if (peer) sentByRelay.set(id, peer);
  }

  return {
    handled(message, peer) {
      const { action, id } = message;
      if (action === 'reconcile' || action === 'reconcile-ack' || action === 'done') return;
      reportDeletion(node, ladder, id);
      if (action === 'content') {
        // Otherwise the relay would answer with refused content again, without end.
        if (hasTaken(message)) sentByRelay.set(id, peer);
        return;
      }
      const state = claims.accepted(id, knownCountsOfState(message));
      if (isPartial(message)) return heard(id, state);
      // This is how a relay reveals that it lost data. Content that the relay sent itself counts as present, because a
      // delayed acknowledgement may be older than that content.
      const lacking = missingIn(mergeCounts(knownAt(peer, id), state), localCounts(node, id));
      if (isDenial(id, lacking)) denied();
      ladder.missing(id, lacking, relayID);
      heard(id, state);
    },
    heard,
    recalled(id) {
      const counts = said.get(id);
      if (!counts) return;
      claims.checkAgain(id, counts);
      const accepted = claims.accepted(id, counts);
      said.set(id, accepted);
      if (isBelieved()) ladder.confirmed(id, accepted, relayID);
    },
    settled() {
      isSettled = true;
      if (isSure()) said.clear();
    },
    sure() {
      for (const [id, counts] of said) ladder.confirmed(id, counts, relayID);
      if (isSettled) said.clear();
    },
    ask() {
      if (!isSettled) return;
      for (const [id, peer] of sentByRelay) {
        const core = getAvailableCoValue(node, id);
        const isAll = covers(knownAt(peer, id), localCounts(node, id));
        if (core && isAll && isPending(id) && !isLeftToOther(id)) {
          node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownStateWithStreaming() });
        }
      }
      sentByRelay.clear();
    },
    recheck,
    recheckAll() {
      // Another tab may have announced a confirmation from before the relay lost data, while this tab was not connected.
      ladder.relayLost(relayID);
      for (const [id, counts] of said) ladder.confirmed(id, counts, relayID);
      for (const { id } of node.allCoValues()) {
        recheck(id, localCounts(node, id));
      }
    },
    lost() {
      said.clear();
      sentByRelay.clear();
    },
  };
}
