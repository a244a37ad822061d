import type { CojsonInternalTypes, LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import {
  knownCountsOfContent,
  knownCountsOfState,
  covers,
  isEmpty,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { DueHold, Holds } from './holds.ts';
import type { OtherTabs } from './other-tabs.ts';
import { createSentByOthers } from './sent-by-others.ts';
import { getAvailableCoValue, getOrCreateCoValue, getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { askRelayFor } from '../../engine/load-request.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/**
 * Decides which tab uploads what, so that each edit is uploaded about once: by the tab that has already sent it, else by the
 * tab that wrote it, else, if that is gone, by the first present tab. The others mark it in cojson as present at the relay
 * until the hold falls due.
 */
export interface Uploads {
  /** Another tab has saved content that not every relay has confirmed. */
  leave(id: RawCoID, counts: KnownCounts, by: string): void;
  /** Content of another tab is about to be passed to cojson. */
  beforeImport(content: NewContent, by: string | undefined): void;
  /** cojson is about to handle a relay's message, after which it sends what the relay lacks. */
  beforeMessage(message: SyncMessage, peer: PeerState): void;
  /** Another tab has sent this much of a CoValue to the relay, and will announce the answer. */
  sentBy(relayID: string, id: string, counts: KnownCounts, by: string): void;
  requestKnown(relayID: string, id: RawCoID): void;
  /** What was left to another tab should have reached the relay by now. */
  due(hold: DueHold): void;
  /** Whether this tab uploads what another one has written to the CoValue. */
  isTakenOver(id: string): boolean;
  done(id: string): void;
  lost(relayID: string): void;
}

export function createUploads(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly holds: Holds;
  readonly others: OtherTabs;
}): Uploads {
  const { node, ladder, holds, others } = options;
  /** What this tab has taken over, by relay. */
  const takenOver = new Map<string, Set<string>>();
  const sent = createSentByOthers(others);

  function isTakenOver(relayID: string, id: string): boolean {
    return takenOver.get(relayID)?.has(id) === true;
  }

  function relays(): readonly PeerState[] {
    return ladder.relayIDs.flatMap((id) => openRelay(id) ?? []);
  }

  function openRelay(relayID: string): PeerState | undefined {
    const peer = node.syncManager.peers[relayID];
    return peer && !peer.closed ? peer : undefined;
  }

  /** Marks it in cojson as present at the relay, because another tab uploads it. */
  function leaveToOther(peer: PeerState, id: RawCoID, counts: KnownCounts, by: string): void {
    if (isEmpty(counts)) return;
    const { header = 0, ...sessions } = counts;
    peer.combineOptimisticWith(id, {
      id,
      header: header > 0,
      sessions: sessions,
    });
    holds.hold(peer.id, id, counts, by);
  }

  function requestKnown(relayID: string, id: RawCoID): void {
    if (openRelay(relayID) && getAvailableCoValue(node, id)) askRelayFor(node, relayID, id);
  }

  return {
    requestKnown,
    leave(id, counts, by) {
      for (const peer of relays()) {
        if (!isTakenOver(peer.id, id)) holds.hold(peer.id, id, counts, by);
      }
    },
    beforeImport(content, by) {
      const { id } = content;
      for (const peer of relays()) {
        // cojson has not queried the relay for it, and sends nothing of it before the relay has answered.
        if (!peer.isCoValueSubscribedToPeer(id) || isTakenOver(peer.id, id)) continue;
        const missing = missingIn(stateAt(peer, id), knownCountsOfContent(content));
        if (by !== undefined) leaveToOther(peer, id, missing, by);
        else leaveShares(peer, id, missing);
      }
    },
    beforeMessage(message, peer) {
      if (others.count === 0 || (message.action !== 'known' && message.action !== 'content')) return;
      const { id } = message;
      if (message.action === 'known' && message.isCorrection) return;
      if (isTakenOver(peer.id, id)) return;
      const core = getKnownCoValue(node, id);
      if (!core?.isAvailable()) return;
      const said = message.action === 'known' ? knownCountsOfState(message) : knownCountsOfContent(message);
      const has = mergeCounts(knownCountsOfState(peer.getKnownState(id) ?? nothingKnown), said);
      leaveShares(peer, id, missingIn(has, knownCountsOfState(core.knownState())));
    },
    sentBy(relayID, id, counts, by) {
      if (!ladder.pending.has(id)) return;
      sent.add(relayID, id, counts, by);
      holds.sent(relayID, id, counts, by);
    },
    due({ relayID, id: of, counts, by }) {
      const id = of as RawCoID;
      sent.forget(id);
      const peer = openRelay(relayID);
      // The next connection starts with what this relay lacks.
      if (!peer) return;
      const isThere = covers(knownCountsOfState(peer.getKnownState(id) ?? nothingKnown), counts);
      const core = getOrCreateCoValue(node, id);
      if (isThere) {
        // The relay sent that content itself, which confirms nothing.
        if (ladder.isPending(id, 'confirmed')) requestKnown(relayID, id);
        return;
      }
      others.gone(by);
      takenOver.set(relayID, (takenOver.get(relayID) ?? new Set()).add(id));
      ladder.takenOver(id);
      if (!core.isAvailable()) {
        // Once it is loaded, cojson compares it with what the relay has.
        if (ladder.isPending(id, 'confirmed')) core.loadFromStorage();
        return;
      }
      const known = peer.getKnownState(id);
      // The relay has not answered yet. Once it has, cojson sends what the relay lacks.
      if (!known) return;
      const counted = peer.getOptimisticKnownState(id) ?? known;
      peer.setKnownState(id, { ...known, sessions: { ...known.sessions } });
      // Content already on its way, or left to another tab for longer, is not sent again.
      peer.combineOptimisticWith(id, {
        id,
        header: counted.header && !('header' in counts),
        sessions: missingSessions(counts, counted.sessions),
      });
      node.syncManager.sendNewContent(id, peer);
    },
    isTakenOver: (id) => [...takenOver.values()].some((ids) => ids.has(id)),
    done(id) {
      for (const ids of takenOver.values()) ids.delete(id);
      sent.forget(id);
    },
    lost: (relayID) => void takenOver.delete(relayID),
  };

  /** Leaves to the other tabs their shares of what the relay lacks. */
  function leaveShares(peer: PeerState, id: RawCoID, { header, ...sessions }: KnownCounts): void {
    const shares = Object.entries(sessions).map(
      ([sessionID, count]) =>
        ({
          sessionID,
          count,
          by: sent.senderOf(peer.id, id, { [sessionID]: count }) ?? others.uploaderOf(sessionID),
        }) as const,
    );
    const theirs = shares.filter(({ by }) => by !== others.ownName);
    // The author of a new CoValue's header is unknown, so any tab that has written to the CoValue sends it.
    const withHeader = header !== undefined && theirs.length === shares.length;
    for (const [index, { sessionID, count, by }] of theirs.entries()) {
      leaveToOther(peer, id, { [sessionID]: count, ...(withHeader && index === 0 && { header }) }, by);
    }
  }

  function stateAt(peer: PeerState, id: RawCoID): KnownCounts {
    return knownCountsOfState(peer.getOptimisticKnownState(id) ?? nothingKnown);
  }
}

const nothingKnown = { header: false, sessions: {} } as const;
