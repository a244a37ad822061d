import { CoValueCore, RawGroup } from 'cojson';
import { isRecord } from '../../base/record.ts';
import { allBelow } from '../covalue-lookup.ts';
import { isRevelationKey } from '../group-rules/read-change.ts';
import { openContentOf } from '../private-fields.ts';
import { restrictsDeletions } from '../refusals/restricted-deletions.ts';

let isPatched = false;
const changedGroups = new WeakSet<CoValueCore>();

/**
 * Validates edits again after every change of a group that may affect them. cojson 0.20 misses three cases, in which a
 * device shows other edits than the rest until it reloads:
 *
 * - A change made here is dated no later than an edit that is already here.
 * - A received change makes another change of the group invalid: cojson validates the edits before it applies the change.
 * - An applied transaction becomes invalid after an earlier validation, in which cojson forgot that it was applied.
 *
 * Process-wide and idempotent.
 */
export function patchLateChanges(): void {
  if (isPatched) return;
  isPatched = true;
  const { makeTransaction, resetParsedTransactions, scheduleContentRebuild } = CoValueCore.prototype;
  const { processNewTransactions } = RawGroup.prototype;

  CoValueCore.prototype.makeTransaction = function (...options) {
    // A revelation decides about no edit, and a removal makes one for each member.
    const decides = this.isGroup() && !options[0].every(isRevelation);
    const txID = decides && this.nextTransactionID();
    const isMade = makeTransaction.apply(this, options);
    const madeAtMs = txID && this.getTx(txID)?.madeAt;
    if (madeAtMs) validateSince(this, madeAtMs);
    return isMade;
  };

  CoValueCore.prototype.resetParsedTransactions = function () {
    const content = openContentOf(this);
    const before = this.toProcessTransactions.slice(0, content?.knownTransactions[this.id] ?? 0);
    resetParsedTransactions.call(this);
    // The content counts those that it has read, and would leave out as many of what comes.
    if (before.some(({ isValid }) => !isValid)) content?.rebuildFromCore();
    const applied = openContentOf(this)?.knownTransactions[this.id] ?? 0;
    for (const transaction of this.toProcessTransactions.slice(0, applied)) {
      if (transaction.isValid) transaction.markAsProcessed();
    }
    // Roles decide which deletions of a valid edit apply, too.
    if (restrictsDeletions(this)) openContentOf(this)?.rebuildFromCore();
  };

  CoValueCore.prototype.scheduleContentRebuild = function () {
    if (this.isGroup()) changedGroups.add(this);
    scheduleContentRebuild.call(this);
  };

  RawGroup.prototype.processNewTransactions = function () {
    processNewTransactions.call(this);
    if (changedGroups.delete(this.core)) this.rebuildFromCore();
  };
}

function isRevelation(change: unknown): boolean {
  return isRecord(change) && typeof change['key'] === 'string' && isRevelationKey(change['key']);
}

/** Validates again, in all that depends on a group, the CoValues with edits at or after this time. */
function validateSince(group: CoValueCore, timeMs: number): void {
  for (const core of allBelow(group)) if (core.latestTxMadeAt >= timeMs) core.resetParsedTransactions();
}
