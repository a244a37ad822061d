import type { LocalNode, RawCoID, SessionID, SyncMessage } from 'cojson';
import {
  coverageOfContent,
  coverageOfState,
  isNothing,
  joined,
  missingIn,
  missingSessions,
  type Coverage,
} from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { atRelay, isAt } from './pending-edits.ts';

/**
 * What a relay says of this node's own session, and this node cannot have written or sent: then somebody else writes under
 * the same session, as a copy of this browser profile does. Not known to be true: a relay may say anything.
 */
export interface OwnSessionClaims {
  /** Before cojson deals with a message of the relay, after which the node may have what it claims. */
  hears(message: SyncMessage): void;
  /** To the relay, by this node or by another tab of this device. */
  sent(id: string, counts: Coverage): void;
  /** What the relay said last of a CoValue, without what is doubted of it. */
  believed(id: string, state: Coverage): Coverage;
  /** What the relay turned out to have. */
  believe(id: string, found: Coverage): void;
  /** What was looked into in vain is looked into again on the next connection. */
  lost(): void;
}

/** Of the node's own session, the relay has more than this device had, or what was never sent to it, or something else. */
export interface OwnSessionClaim {
  readonly id: RawCoID;
  /** Whose claim it is. */
  readonly relayID: string;
  /** Where it has more than this device had: how much it says that it has. */
  readonly ahead?: { readonly sessionID: SessionID; readonly count: number };
}

export function createOwnSessionClaims(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  /** What this run has sent of its own session to any relay: others may have brought it to this one since. */
  readonly sentByID: Map<string, Coverage>;
  readonly onClaim: (claim: OwnSessionClaim) => void;
}): OwnSessionClaims {
  const { node, ladder, relayID, sentByID, onClaim } = options;
  const own = ownSessionIDs(node);
  const doubtedByID = new Map<string, Coverage>();
  const raisedByID = new Map<string, Coverage>();

  function judge(id: RawCoID, claimed: Coverage): void {
    doubtedByID.delete(id);
    if (node.isCoValueInMemory(id) && node.getCoValue(id).isDeleted) return;
    for (const sessionID of own) {
      const count = claimed[sessionID] ?? 0;
      if (count === 0) continue;
      const had = node.isCoValueInMemory(id)
        ? (node.getCoValue(id).knownState().sessions[sessionID] ?? 0)
        : 0;
      if (count > had) judgeAhead(id, sessionID, count);
      else if (isUnsent(id, sessionID, count) && doubt(id, sessionID, count)) onClaim({ id, relayID });
    }
  }

  /** What an earlier run wrote may stand on the disk only. */
  function judgeAhead(id: RawCoID, sessionID: SessionID, count: number): void {
    if (!doubt(id, sessionID, count)) return;
    const judged = (stored: number) => {
      if (count > stored) onClaim({ id, relayID, ahead: { sessionID, count } });
      else believe(id, { [sessionID]: count });
    };
    if (!node.storage) return judged(0);
    node.storage.loadKnownState(id, (state) => judged(state?.sessions[sessionID] ?? 0));
  }

  /** An edit that waits to be confirmed is there, although this run has never sent it. */
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

  /** False where as much was looked into before. */
  function doubt(id: RawCoID, sessionID: SessionID, count: number): boolean {
    doubtedByID.set(id, { ...doubtedByID.get(id), [sessionID]: count });
    const raised = raisedByID.get(id) ?? {};
    if (count <= (raised[sessionID] ?? 0)) return false;
    raisedByID.set(id, { ...raised, [sessionID]: count });
    return true;
  }

  function believe(id: string, found: Coverage): void {
    const doubted = doubtedByID.get(id) ?? {};
    const left = missingIn(found, doubted);
    if (isNothing(left)) doubtedByID.delete(id);
    else doubtedByID.set(id, left);
    ladder.confirmed(id, missingSessions(left, doubted), relayID);
  }

  return {
    hears(message) {
      if (message.action === 'content') judge(message.id, coverageOfContent(message));
      if (message.action === 'known' || message.action === 'load')
        judge(message.id, coverageOfState(message));
    },
    sent(id, counts) {
      const before = sentByID.get(id) ?? {};
      const now = own.flatMap((session) =>
        counts[session] === undefined ? [] : [[session, counts[session]] as const],
      );
      if (now.length > 0) sentByID.set(id, joined(before, Object.fromEntries(now)));
    },
    believed(id, state) {
      const doubted = doubtedByID.get(id);
      if (!doubted) return state;
      return Object.fromEntries(Object.entries(state).filter(([session]) => !(session in doubted)));
    },
    believe,
    lost: () => raisedByID.clear(),
  };
}

/** An account's own content is written under the id of its agent. */
function ownSessionIDs({ currentSessionID, crypto, agentSecret }: LocalNode): readonly SessionID[] {
  const rest = currentSessionID.slice(currentSessionID.indexOf('_session_'));
  return [currentSessionID, `${crypto.getAgentID(agentSecret)}${rest}` as SessionID];
}
