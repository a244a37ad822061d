import type { AvailableCoValueCore, LocalNode, RawCoID, SessionID } from 'cojson';
import { isEqual } from '../../base/equal.ts';

/** A session of one CoValue that was written on in two ways. */
export interface Fork {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The number of the first transaction that differs. What stands before it is the same for all. */
  readonly from: number;
}

/** Sessions of the node's own account whose transactions are others here than in the relay's copy. */
export function findForks(node: LocalNode, relayCopy: LocalNode, ids: readonly RawCoID[]): readonly Fork[] {
  return ids.flatMap((id) => {
    const [here, there] = [node.getCoValue(id), relayCopy.getCoValue(id)];
    if (!here.isAvailable() || !there.isAvailable()) return [];
    return ownSessions(node, here).flatMap((sessionID) => {
      const from = firstDifference(here, there, sessionID);
      return from === undefined ? [] : { id, sessionID, from };
    });
  });
}

/** How much of a session the node has. */
export function countOf(node: LocalNode, id: RawCoID, sessionID: SessionID): number {
  return node.getCoValue(id).verified?.getTransactionsCount(sessionID) ?? 0;
}

/** Of the account, and of its agent, under whose id the account itself is written. */
function ownSessions(node: LocalNode, core: AvailableCoValueCore): readonly SessionID[] {
  const owners = [node.getCurrentAccountOrAgentID(), node.crypto.getAgentID(node.agentSecret)];
  return [...core.verified.getSessions().keys()].filter((sessionID) =>
    owners.some((owner) => sessionID.startsWith(`${owner}_session_`)),
  );
}

function firstDifference(
  here: AvailableCoValueCore,
  there: AvailableCoValueCore,
  sessionID: SessionID,
): number | undefined {
  const own = here.verified.getSession(sessionID)?.transactions ?? [];
  const others = there.verified.getSession(sessionID)?.transactions ?? [];
  const index = own.findIndex((transaction, at) => at < others.length && !isEqual(transaction, others[at]));
  return index < 0 ? undefined : index;
}
