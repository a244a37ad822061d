import type { AvailableCoValueCore, JsonObject, JsonValue, LocalNode } from 'cojson';
import type { Fork } from './own-forks.ts';
import { latestCountingDate } from '../../engine/counting-dates.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';

/**
 * Rewrites under the node's current session what this device wrote after the fork, the way cojson merges a branch: each
 * transaction keeps its time, and the ID by which other edits refer to it. In a list, that ID would name the other
 * device's transaction, so it becomes the ID of a branch. Idempotent: skips what was rewritten before. Returns false if
 * something was not rewritten because it could not be read.
 */
export function rewriteAfterFork(node: LocalNode, fork: Fork): boolean {
  const core = getAvailableCoValue(node, fork.id);
  if (!core) return false;
  if (core.isDeleted) return true; // Only the deletion counts.
  core.getCurrentContent(); // Makes cojson decrypt everything it can.
  const rewritten = rewrittenIndexes(core, fork);
  const refused = core.verifiedTransactions.filter(
    ({ currentTxID: { sessionID, txIndex } }) =>
      sessionID === fork.sessionID && txIndex >= fork.from && !rewritten.has(txIndex),
  );
  const isOrdered = core.verified.header.type === 'colist' || core.verified.header.type === 'coplaintext';
  let isWhole = true;
  for (const { changes, meta, madeAt, tx, isValid, currentTxID } of refused) {
    if (!isValid && changes) continue; // It would be invalid under any session.
    if (!changes) {
      isWhole = false;
      continue;
    }
    const nowMs = Math.max(node.stampNow(), latestCountingDate(node, core) + 1);
    const source = { s: fork.sessionID, mi: currentTxID.txIndex, t: nowMs - madeAt };
    const newMeta = { ...meta, ...source, ...(isOrdered && { b: fork.id }) };
    core.makeTransaction(isOrdered ? changes.map(inBranch) : changes, tx.privacy, newMeta, nowMs);
  }
  return isWhole;

  /** Adds the branch to references to insertions made after the fork, whose IDs have changed. */
  function inBranch(change: JsonValue): JsonValue {
    if (!isObject(change)) return change;
    return Object.fromEntries(
      Object.entries(change).map(([key, value]) => [
        key,
        isReference(key, value) ? { ...value, branch: fork.id } : value,
      ]),
    );
  }

  function isReference(key: string, value: JsonValue | undefined): value is JsonObject {
    return (
      (key === 'after' || key === 'before' || key === 'insertion') &&
      isObject(value) &&
      value['sessionID'] === fork.sessionID &&
      Number(value['txIndex']) >= fork.from &&
      value['branch'] === undefined
    );
  }
}

/** The indexes of the transactions that this tab, another tab or an earlier run has already rewritten. */
function rewrittenIndexes(core: AvailableCoValueCore, { sessionID }: Fork): ReadonlySet<number> {
  return new Set(
    core.verifiedTransactions.flatMap(({ meta, currentTxID }) =>
      currentTxID.sessionID !== sessionID && meta?.['s'] === sessionID ? Number(meta['mi']) : [],
    ),
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
