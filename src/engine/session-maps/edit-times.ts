import type { LocalNode, RawCoID } from 'cojson';
import { earliestEditDate } from '../counting-dates.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { dateAfterWriter } from './role-dates.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

export interface EditTimes {
  /** Sets the node whose CoValues are used to date edits. Edits dated `genesisTimeMs` keep that time. */
  follow(node: LocalNode, genesisTimeMs: number): void;
}

/**
 * Dates an edit later than every valid transaction of the CoValue and its groups that its author had, whatever the
 * clock shows: in cojson the later edit wins, and an edit dated before its author's membership is invalid, so a wrong
 * clock would decide which edits count. The end of a writer's role is dated after their edits, too. Another node's
 * CoValues keep that node's times.
 */
export function createEditTimes(): EditTimes & { readonly layer: SessionMapLayer } {
  type DateOf = (id: RawCoID, sessionID: string, madeAtMs: number, trustingJson?: string) => number;
  let dateOf: DateOf = (_id, _sessionID, madeAtMs) => madeAtMs;

  return {
    follow(node, genesisTimeMs) {
      dateOf = (id, sessionID, madeAtMs, trustingJson) => {
        if (madeAtMs === genesisTimeMs) return madeAtMs;
        // cojson accepts an invite through a helper node, whose clock no relay corrects.
        const dateMs = isOwnSession(node, sessionID) ? madeAtMs : node.stampNow();
        const core = getKnownCoValue(node, id);
        if (!core) return dateMs;
        const laterMs = Math.max(dateMs, earliestEditDate(node, core, sessionID));
        return trustingJson ? dateAfterWriter(core, trustingJson, laterMs, dateMs) : laterMs;
      };
    },
    layer: (createBelow, coValueID) =>
      wrapSigning(createBelow(), (below) => ({
        makeNewPrivateTransaction: (sessionID, signer, changes, keyID, keySecret, meta, madeAt) =>
          below.makeNewPrivateTransaction(
            sessionID,
            signer,
            changes,
            keyID,
            keySecret,
            meta,
            dateOf(coValueID, sessionID, madeAt),
          ),
        makeNewTrustingTransaction: (sessionID, signer, changes, meta, madeAt) =>
          below.makeNewTrustingTransaction(
            sessionID,
            signer,
            changes,
            meta,
            dateOf(coValueID, sessionID, madeAt, changes),
          ),
      })),
  };
}

/** Whether the node's account, or its agent, writes under the session ID. */
export function isOwnSession(node: LocalNode, sessionID: string): boolean {
  const isBy = (author: string) => sessionID.startsWith(`${author}_`);
  // An account edits itself as its agent.
  return isBy(node.getCurrentAccountOrAgentID()) || isBy(node.getCurrentAgent().currentAgentID());
}
