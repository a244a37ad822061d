import type { AvailableCoValueCore, LocalNode, RawCoID, SessionID } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { isOwnSession } from '../../engine/content.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** A session of one CoValue whose transactions differ between this device and the relay. */
export interface Fork {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The index of the first transaction that differs; all earlier ones are equal. */
  readonly from: number;
  /** How many transactions the device has, also those that are owed and not on the disk any more. */
  readonly count: number;
}

/** Returns the sessions of the node's own account whose transactions differ from the relay's copy. */
export function findForks(node: LocalNode, relayCopy: LocalNode, ids: readonly RawCoID[]): readonly Fork[] {
  return ids.flatMap((id) => {
    const [here, there] = [getAvailableCoValue(node, id), getAvailableCoValue(relayCopy, id)];
    if (!here || !there) return [];
    return ownSessions(node, here).flatMap((sessionID) => {
      const from = firstDifference(here, there, sessionID);
      return from === undefined ? [] : { id, sessionID, from, count: countOf(node, id, sessionID) };
    });
  });
}

/** Returns how many transactions of a session the node has. */
export function countOf(node: LocalNode, id: RawCoID, sessionID: string): number {
  return getOrCreateCoValue(node, id).verified?.getTransactionsCount(sessionID as SessionID) ?? 0;
}

function ownSessions(node: LocalNode, core: AvailableCoValueCore): readonly SessionID[] {
  return [...core.verified.getSessions().keys()].filter((sessionID) => isOwnSession(node, sessionID));
}

function firstDifference(
  here: AvailableCoValueCore,
  there: AvailableCoValueCore,
  sessionID: SessionID,
): number | undefined {
  const ours = here.verified.getSession(sessionID)?.transactions ?? [];
  const others = there.verified.getSession(sessionID)?.transactions ?? [];
  const index = ours.findIndex((transaction, at) => at < others.length && !isEqual(transaction, others[at]));
  return index < 0 ? undefined : index;
}
