import type { CojsonInternalTypes, LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import {
  coverageOfContent,
  coverageOfState,
  covers,
  isNothing,
  joined,
  missingIn,
  missingSessions,
  type Coverage,
} from '../../engine/known-counts.ts';
import type { Ladder } from '../ladder.ts';
import type { DueHold, Holds } from './holds.ts';
import type { OtherTabs } from './other-tabs.ts';
import { createSentByOthers } from './sent-by-others.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/**
 * Which tab uploads what, so that each edit goes up about once: who has sent it already; else who wrote it, and for what a
 * tab that is gone has written, the first of those that are there. The others tell cojson that the relay has it, until it is time to look.
 */
export interface Uploads {
  /** A tab has saved what no relay has confirmed. */
  leave(id: RawCoID, coverage: Coverage, by: string): void;
  /** Content of another tab is about to be handed to cojson. */
  beforeHandOut(content: NewContent, by: string | undefined): void;
  /** cojson is about to deal with a relay's message, after which it sends what the relay lacks. */
  beforeMessage(message: SyncMessage, peer: PeerState): void;
  /** Another tab has sent so much of a CoValue to the relay, and will tell the relay's word on it. */
  sentBy(relayID: string, id: string, coverage: Coverage, by: string): void;
  /** Asks the relay what it has. */
  askWord(relayID: string, id: RawCoID): void;
  /** What was left to another tab should be at the relay by now. */
  due(hold: DueHold): void;
  /** This tab uploads what another one has written of it. */
  isTakenOver(id: string): boolean;
  /** Nothing of it waits any more. */
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

  /** Tells cojson that the relay has it, or will have it without this tab. */
  function leaveToOther(peer: PeerState, id: RawCoID, coverage: Coverage, by: string): void {
    if (isNothing(coverage)) return;
    const { header = 0, ...sessions } = coverage;
    peer.combineOptimisticWith(id, {
      id,
      header: header > 0,
      sessions: sessions,
    });
    holds.hold(peer.id, id, coverage, by);
  }

  function askWord(relayID: string, id: RawCoID): void {
    const peer = openRelay(relayID);
    const core = node.getCoValue(id);
    if (peer && core.isAvailable()) {
      node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
    }
  }

  return {
    askWord,
    leave(id, coverage, by) {
      for (const peer of relays()) {
        if (!isTakenOver(peer.id, id)) holds.hold(peer.id, id, coverage, by);
      }
    },
    beforeHandOut(content, by) {
      const { id } = content;
      for (const peer of relays()) {
        // Not asked for at this relay yet: cojson sends nothing of it before the relay has answered.
        if (!peer.isCoValueSubscribedToPeer(id) || isTakenOver(peer.id, id)) continue;
        const missing = missingIn(stateAt(peer, id), coverageOfContent(content));
        if (by !== undefined) leaveToOther(peer, id, missing, by);
        else leaveShares(peer, id, missing);
      }
    },
    beforeMessage(message, peer) {
      if (others.count === 0 || (message.action !== 'known' && message.action !== 'content')) return;
      const { id } = message;
      if (message.action === 'known' && message.isCorrection) return;
      if (!node.isCoValueInMemory(id) || isTakenOver(peer.id, id)) return;
      const core = node.getCoValue(id);
      if (!core.isAvailable()) return;
      const said = message.action === 'known' ? coverageOfState(message) : coverageOfContent(message);
      const has = joined(coverageOfState(peer.getKnownState(id) ?? nothingKnown), said);
      leaveShares(peer, id, missingIn(has, coverageOfState(core.knownState())));
    },
    sentBy(relayID, id, coverage, by) {
      if (!ladder.pending.has(id)) return;
      sent.add(relayID, id, coverage, by);
      holds.sent(relayID, id, coverage, by);
    },
    due({ relayID, id: of, coverage, by }) {
      const id = of as RawCoID;
      sent.forget(id);
      const peer = openRelay(relayID);
      // The next connection begins with what this relay lacks.
      if (!peer) return;
      const isThere = covers(coverageOfState(peer.getKnownState(id) ?? nothingKnown), coverage);
      const core = node.getCoValue(id);
      if (isThere) {
        // It has sent that itself, which confirms nothing.
        if (ladder.isPending(id, 'confirmed')) askWord(relayID, id);
        return;
      }
      others.silent(by);
      takenOver.set(relayID, (takenOver.get(relayID) ?? new Set()).add(id));
      ladder.takenOver(id);
      if (!core.isAvailable()) {
        // Loaded, it is compared with what the relay has.
        if (ladder.isPending(id, 'confirmed')) core.loadFromStorage();
        return;
      }
      const known = peer.getKnownState(id);
      // Still waiting for the relay's answer, after which cojson sends what it lacks.
      if (!known) return;
      const counted = peer.getOptimisticKnownState(id) ?? known;
      peer.setKnownState(id, { ...known, sessions: { ...known.sessions } });
      // What is on its way from here, or left to another tab for longer, is not sent again.
      peer.combineOptimisticWith(id, {
        id,
        header: counted.header && !('header' in coverage),
        sessions: missingSessions(coverage, counted.sessions),
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

  /** Of what the relay lacks, the shares of the other tabs. */
  function leaveShares(peer: PeerState, id: RawCoID, { header, ...sessions }: Coverage): void {
    const shares = Object.entries(sessions).map(
      ([sessionID, count]) =>
        ({
          sessionID,
          count,
          by: sent.senderOf(peer.id, id, { [sessionID]: count }) ?? others.uploaderOf(sessionID),
        }) as const,
    );
    const theirs = shares.filter(({ by }) => by !== others.own);
    // Whose transactions come first in a new CoValue is not known: who has written in it sends its beginning.
    const withHeader = header !== undefined && theirs.length === shares.length;
    for (const [index, { sessionID, count, by }] of theirs.entries()) {
      leaveToOther(peer, id, { [sessionID]: count, ...(withHeader && index === 0 && { header }) }, by);
    }
  }

  function stateAt(peer: PeerState, id: RawCoID): Coverage {
    return coverageOfState(peer.getOptimisticKnownState(id) ?? nothingKnown);
  }
}

const nothingKnown = { header: false, sessions: {} } as const;
