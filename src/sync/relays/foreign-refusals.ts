import type { LocalNode, RawCoID } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import { authorOf, ownAuthors } from '../../engine/content.ts';
import { getKnownCoValue, localCounts } from '../../engine/covalue-lookup.ts';
import { verdictsOf } from '../../engine/edit-verdicts.ts';
import { isEmpty, mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import { openMapOf } from '../../engine/private-fields.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { needOf, noEdits } from '../delivery/pending-edits.ts';
import type { SyncEvents } from '../sync-events.ts';

/**
 * Sessions of other accounts that a relay refuses, for example of someone without a role: this device has them from another
 * relay and only passed them on. They are not owed to this relay any more, as long as the connection lasts, and make none
 * of this device's edits fail.
 */
export interface ForeignRefusals {
  /** Returns false if the refusal concerns this account's own edits. Without a session ID, it concerns all of the CoValue. */
  refused(id: string, sessionID: string | undefined, error: KernelError): boolean;
  /** What the relay reports to have, and what it has refused. */
  withRefused(id: string, counts: KnownCounts): KnownCounts;
  lost(): void;
}

export function createForeignRefusals(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'confirmed'>;
  readonly relayID: string;
  readonly onDropped: (dropped: SyncEvents['dropped']) => void;
}): ForeignRefusals {
  const { node, ladder, relayID, onDropped } = options;
  const refusedByID = new Map<string, KnownCounts>();
  return {
    refused(id, sessionID, error) {
      const inMemory = getKnownCoValue(node, id) ? localCounts(node, id as RawCoID) : {};
      const counts = mergeCounts(inMemory, needOf(ladder.pending.get(id) ?? noEdits));
      if (sessionID === undefined) return isEmpty(counts);
      const count = counts[sessionID];
      // A relay may refuse any number of sessions that it was not sent, also of this account.
      if (count === undefined) return true;
      // There may be room later.
      if (!isPassedOn(node, id, sessionID) || error.code === 'RELAY_QUOTA') return false;
      const before = refusedByID.get(id) ?? {};
      refusedByID.set(id, mergeCounts(before, { [sessionID]: count }));
      ladder.confirmed(id, { [sessionID]: count }, relayID);
      if (before[sessionID] === undefined)
        onDropped({ peerID: relayID, id, sessionID, reason: error.message });
      return true;
    },
    withRefused: (id, counts) => mergeCounts(counts, refusedByID.get(id) ?? {}),
    lost: () => refusedByID.clear(),
  };
}

/**
 * An invite's agent, whose secret this account may have used, accepts the invite: a refusal of that concerns the account, unless
 * the acceptance does not count here either, for example because the invite was revoked meanwhile.
 */
function isPassedOn(node: LocalNode, id: string, sessionID: string): boolean {
  const author = authorOf(sessionID);
  if (ownAuthors(node).includes(author)) return false;
  const core = getKnownCoValue(node, id);
  if (core === undefined || author.startsWith('co_z') || openMapOf(core)?.get(author) === undefined)
    return true;
  return [...verdictsOf(core, sessionID)].some(([, notCounted]) => notCounted !== undefined);
}
