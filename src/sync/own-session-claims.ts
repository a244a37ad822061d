import type { LocalNode, RawCoID, SessionID, SyncMessage } from 'cojson';
import {
  knownCountsOfContent,
  knownCountsOfState,
  isEmpty,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../engine/known-counts.ts';
import type { Ladder } from './delivery/ladder.ts';
import { atRelay, isAt } from './delivery/pending-edits.ts';
import { getKnownCoValue } from '../engine/covalue-lookup.ts';

/**
 * Detects claims about this node's own session that it cannot have caused: another client, such as a copy of this
 * browser profile, may be using its session ID, or the relay is wrong. Nothing claimed is trusted yet.
 */
export interface OwnSessionClaims {
  /** Call before cojson handles the message, because cojson may add the claimed content to the node. */
  check(message: SyncMessage): void;
  /** Content was sent to the relay, by this node or by another tab of this device. */
  sent(id: string, counts: KnownCounts): void;
  /** The counts that the relay reported, without disputed ones. */
  accepted(id: string, state: KnownCounts): KnownCounts;
  /** The relay was found to have this much. */
  acceptKnown(id: RawCoID, found: KnownCounts): void;
  /** Claims that were checked without a result are checked again on the next connection. */
  lost(): void;
}

/** The relay reports more of the node's own session than this device had, content never sent to it, or different content. */
export interface OwnSessionClaim {
  readonly id: RawCoID;
  readonly relayID: string;
  /** Set if the relay reports more than this device had. */
  readonly ahead?: { readonly sessionID: SessionID; readonly count: number };
}

export function createOwnSessionClaims(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  /** By CoValue, what this run sent of its session to any relay; other clients may have passed it on to this relay. */
  readonly sentByID: Map<string, KnownCounts>;
  readonly onClaim: (claim: OwnSessionClaim) => void;
  /** What was disputed turned out to be right. */
  readonly onAccepted: (id: RawCoID, counts: KnownCounts) => void;
}): OwnSessionClaims {
  const { node, ladder, relayID, sentByID, onClaim, onAccepted } = options;
  const ownIDs = sessionIDsOf(node);
  const disputedByID = new Map<string, KnownCounts>();
  const raisedByID = new Map<string, KnownCounts>();

  function judge(id: RawCoID, claimed: KnownCounts): void {
    disputedByID.delete(id);
    if (getKnownCoValue(node, id)?.isDeleted) return;
    for (const sessionID of ownIDs) {
      const count = claimed[sessionID] ?? 0;
      if (count === 0) continue;
      const had = getKnownCoValue(node, id)?.knownState().sessions[sessionID] ?? 0;
      if (count > had) judgeAhead(id, sessionID, count);
      else if (isUnsent(id, sessionID, count) && dispute(id, sessionID, count)) onClaim({ id, relayID });
    }
  }

  /** Content of an earlier run may be on disk only, so compare with the storage. */
  function judgeAhead(id: RawCoID, sessionID: SessionID, count: number): void {
    if (!dispute(id, sessionID, count)) return;
    const judged = (stored: number) => {
      if (count > stored) onClaim({ id, relayID, ahead: { sessionID, count } });
      else acceptKnown(id, { [sessionID]: count });
    };
    if (!node.storage) return judged(0);
    node.storage.loadKnownState(id, (state) => judged(state?.sessions[sessionID] ?? 0));
  }

  /** Whether the claim covers an unconfirmed edit that this run has never sent. */
  function isUnsent(id: string, sessionID: SessionID, count: number): boolean {
    const edits = ladder.pending.get(id);
    if (!edits || isAt(edits, 'confirmed', relayID)) return false;
    const sent = sentByID.get(id)?.[sessionID] ?? 0;
    const confirmed = atRelay(edits, relayID).confirmed[sessionID] ?? 0;
    return edits.edits.some(({ need }) => {
      const needed = need[sessionID] ?? 0;
      return needed > Math.max(sent, confirmed) && needed <= count;
    });
  }

  /** Returns false if a claim of at least this size was already reported. */
  function dispute(id: RawCoID, sessionID: SessionID, count: number): boolean {
    disputedByID.set(id, { ...disputedByID.get(id), [sessionID]: count });
    const raised = raisedByID.get(id) ?? {};
    if (count <= (raised[sessionID] ?? 0)) return false;
    raisedByID.set(id, { ...raised, [sessionID]: count });
    return true;
  }

  function sent(id: string, counts: KnownCounts): void {
    const before = sentByID.get(id) ?? {};
    const now = ownIDs.flatMap((session) =>
      counts[session] === undefined ? [] : [[session, counts[session]] as const],
    );
    if (now.length > 0) sentByID.set(id, mergeCounts(before, Object.fromEntries(now)));
  }

  function acceptKnown(id: RawCoID, found: KnownCounts): void {
    // Otherwise the relay's next report would be disputed again.
    sent(id, found);
    const disputed = disputedByID.get(id) ?? {};
    const left = missingIn(found, disputed);
    if (isEmpty(left)) disputedByID.delete(id);
    else disputedByID.set(id, left);
    onAccepted(id, missingSessions(left, disputed));
  }

  return {
    check(message) {
      if (message.action === 'content') judge(message.id, knownCountsOfContent(message));
      if (message.action === 'known' || message.action === 'load')
        judge(message.id, knownCountsOfState(message));
    },
    sent,
    accepted(id, state) {
      const disputed = disputedByID.get(id);
      if (!disputed) return state;
      return Object.fromEntries(Object.entries(state).filter(([session]) => !(session in disputed)));
    },
    acceptKnown,
    lost() {
      raisedByID.clear();
      // What is found later was not said on the next connection.
      disputedByID.clear();
    },
  };
}

/** Content of the account itself is written under the session ID of its agent. */
function sessionIDsOf({ currentSessionID, crypto, agentSecret }: LocalNode): readonly SessionID[] {
  const rest = currentSessionID.slice(currentSessionID.indexOf('_session_'));
  return [currentSessionID, `${crypto.getAgentID(agentSecret)}${rest}` as SessionID];
}
