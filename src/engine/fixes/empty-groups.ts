import { RawGroup, type CoValueCore } from 'cojson';

/**
 * Fixes groups that are incomplete or whose transactions arrive out of order. A page that ends between writing a group's
 * header and its transactions leaves one, as does a relay that lost the rest, and any stranger can send one.
 *
 * - cojson 0.20 throws when it reads a role from a group without transactions. Patched, no account has a role in it.
 * - cojson never applies a transaction that becomes valid only when its author's role arrives later. Patched, the group
 *   is rebuilt.
 *
 * Process-wide and idempotent.
 */
export function patchEmptyGroups(): void {
  const { prototype } = RawGroup;
  if (Object.hasOwn(prototype, 'processNewTransactions')) return;
  const { processNewTransactions } = prototype;
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
