import type { AvailableCoValueCore, JsonValue, LocalNode } from 'cojson';
import { dateOfRewrite } from '../../engine/session-crypto.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import type { TransactionID } from '../../engine/internal-types.ts';
import { displacedEdits, type Transaction } from './displaced-edits.ts';
import type { Fork } from './own-forks.ts';

/**
 * Rewrites under the node's current session what this device wrote after the fork, the way cojson merges a branch: each
 * transaction keeps its time, and the ID by which other edits refer to it. As that ID would name the other device's
 * transaction, it becomes the ID of a branch. Idempotent: skips what was rewritten before, here or on another device.
 * `forks`: all that are rewritten together, to which edits may refer. Returns false if something was not rewritten because
 * it could not be read.
 */
export function rewriteAfterFork(node: LocalNode, fork: Fork, forks: readonly Fork[] = [fork]): boolean {
  const core = getAvailableCoValue(node, fork.id);
  if (!core) return false;
  if (core.isDeleted) return true; // Only the deletion counts.
  core.getCurrentContent(); // Makes cojson decrypt everything it can.
  const displaced = displacedEdits(node, core, forks);
  const written = new Set(
    core.verifiedTransactions.flatMap((edit) =>
      edit.sourceTxID && !displaced.has(edit) ? keyOf(edit.sourceTxID, edit) : [],
    ),
  );
  let isWhole = true;
  for (const edit of core.verifiedTransactions.filter(isRefused)) {
    const { changes, isValid } = edit;
    if (!isValid && changes) continue; // It would be invalid under any session.
    if (!changes) {
      isWhole = false;
      continue;
    }
    const name = displaced.nameOf(edit);
    // Earlier versions named the branches of all forks by the CoValue.
    if ([name, { ...name, branch: fork.id }].some((one) => written.has(keyOf(one, edit)))) continue;
    write(core, edit, { name, changes: changes.map((change) => displaced.renamed(change)) });
  }
  return isWhole;

  function isRefused(edit: Transaction): boolean {
    return edit.currentTxID.sessionID === fork.sessionID && displaced.has(edit);
  }

  function write(
    into: AvailableCoValueCore,
    { meta, tx, madeAt }: Transaction,
    { name: { sessionID, txIndex, branch }, changes }: { name: TransactionID; changes: JsonValue[] },
  ): void {
    const nowMs = dateOfRewrite(node, into, madeAt);
    const source = {
      s: sessionID,
      mi: txIndex,
      t: nowMs - madeAt,
      ...(branch !== undefined && { b: branch }),
    };
    into.makeTransaction(changes, tx.privacy, { ...meta, ...source }, nowMs);
  }
}

/** What several devices wrote at one place differs in the branch or, outside of lists, in the date or the changes. */
function keyOf({ sessionID, txIndex, branch }: TransactionID, { madeAt, changes }: Transaction): string {
  return JSON.stringify([sessionID, txIndex, branch ?? changes, madeAt]);
}
