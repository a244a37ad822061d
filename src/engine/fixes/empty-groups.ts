import { CoValueCore, RawGroup } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';

/**
 * Fixes groups that are missing or incomplete, or whose transactions arrive out of order. A page that ends between writing a group's
 * header and its transactions leaves one, as does a relay that lost the rest, and any stranger can send one.
 *
 * - cojson 0.20 throws when it reads a role from a group without transactions. Patched, no account has a role in it.
 * - cojson never applies a transaction that becomes valid only when its author's role arrives later. Patched, the group
 *   is rebuilt.
 * - cojson throws when a deletion arrives before the group that owns the CoValue, and the rest of the message is lost. Anyone can
 *   name the CoValue in its group, so that it arrives first. Patched, the deletion is refused.
 *
 * Process-wide and idempotent.
 */
export function patchEmptyGroups(): void {
  const { prototype } = RawGroup;
  if (Object.hasOwn(prototype, 'processNewTransactions')) return;
  const { processNewTransactions } = prototype;
  const { safeGetGroup } = CoValueCore.prototype;
  CoValueCore.prototype.safeGetGroup = function () {
    const ruleset = this.verified?.header.ruleset;
    const isOwned = ruleset?.type === 'ownedByGroup';
    if (isOwned && !getKnownCoValue(this.node, ruleset.group)?.isAvailable()) return undefined;
    return safeGetGroup.call(this);
  };
  const beingRebuilt = new WeakSet<object>();
  prototype.processNewTransactions = function () {
    // cojson creates these caches with the first transaction.
    for (const cache of ['parentGroupsChanges', 'keyRevelations']) {
      if (Reflect.get(this, cache) === undefined) Reflect.set(this, cache, new Map());
    }
    processNewTransactions.call(this);
    // A rebuild calls this method again.
    if (beingRebuilt.has(this) || !hasUnappliedTransaction(this.core)) return;
    beingRebuilt.add(this);
    this.core.resetParsedTransactions();
    this.rebuildFromCore();
    beingRebuilt.delete(this);
  };
}

/** Whether a transaction has become valid, but is in no list of transactions to apply. */
function hasUnappliedTransaction({
  verifiedTransactions,
  toProcessTransactions,
  toDecryptTransactions,
}: CoValueCore): boolean {
  return verifiedTransactions.some(
    (transaction) =>
      transaction.isValid &&
      transaction.stage === 'validated' &&
      !toProcessTransactions.includes(transaction) &&
      !toDecryptTransactions.includes(transaction),
  );
}
