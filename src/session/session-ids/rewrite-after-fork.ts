import type { AvailableCoValueCore, JsonObject, JsonValue, LocalNode } from 'cojson';
import type { Fork } from './own-forks.ts';

/**
 * Writes what this device wrote from the fork on once more, under the session that the node writes with now. In cojson's
 * own way, of a branch that is merged: each keeps its time, and the id by which other edits refer to it. In a list that id
 * would be the other device's transaction's, so there it is that of a branch. Whatever was written again before is left
 * out. False where something could not be read, and so was not written.
 */
export function writeAgain(node: LocalNode, fork: Fork): boolean {
  const core = node.getCoValue(fork.id);
  if (!core.isAvailable()) return false;
  core.getCurrentContent(); // Has everything decrypted that can be.
  const done = alreadyAgain(core, fork);
  const refused = core.verifiedTransactions.filter(
    ({ currentTxID: { sessionID, txIndex } }) =>
      sessionID === fork.sessionID && txIndex >= fork.from && !done.has(txIndex),
  );
  const isOrdered = core.verified.header.type === 'colist' || core.verified.header.type === 'coplaintext';
  let isWhole = true;
  for (const { changes, meta, madeAt, tx, isValid, currentTxID } of refused) {
    if (!isValid && changes) continue; // Nobody takes it under any session.
    if (!changes) {
      isWhole = false;
      continue;
    }
    const nowMs = Math.max(node.stampNow(), core.latestTxMadeAt + 1);
    const source = { s: fork.sessionID, mi: currentTxID.txIndex, t: nowMs - madeAt };
    const again = { ...meta, ...source, ...(isOrdered && { b: fork.id }) };
    core.makeTransaction(isOrdered ? changes.map(inBranch) : changes, tx.privacy, again, nowMs);
  }
  return isWhole;

  /** What was inserted after the fork is found by the id that it has now. */
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

/** Their numbers, also where another tab or an earlier run did it. */
function alreadyAgain(core: AvailableCoValueCore, { sessionID }: Fork): ReadonlySet<number> {
  return new Set(
    core.verifiedTransactions.flatMap(({ meta, currentTxID }) =>
      currentTxID.sessionID !== sessionID && meta?.['s'] === sessionID ? Number(meta['mi']) : [],
    ),
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
