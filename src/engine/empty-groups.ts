import { RawGroup, type CoValueCore } from 'cojson';

/**
 * In cojson 0.20 a group of which only the header is there throws wherever somebody's role in it is asked for: what it owns
 * cannot be read then, and a deletion in it cannot be judged. Such a group stands where a page ended between the two, and at
 * a relay that lost the rest; anybody can send one. With this, nobody has a role in it until there is more.
 *
 * What comes in such a group before what gives its author the right is not valid then, and cojson never applies it when it
 * becomes valid. With this, the group is read anew.
 *
 * All groups of this copy of cojson are mended, whichever node has them, and at once. Safe to call again.
 */
export function mendEmptyGroups(): void {
  const { prototype } = RawGroup;
  if (Object.hasOwn(prototype, 'processNewTransactions')) return;
  const { processNewTransactions } = prototype;
  const beingRead = new WeakSet<object>();
  prototype.processNewTransactions = function () {
    // cojson makes these with the first transaction.
    for (const cache of ['parentGroupsChanges', 'keyRevelations']) {
      if (Reflect.get(this, cache) === undefined) Reflect.set(this, cache, new Map());
    }
    processNewTransactions.call(this);
    // Reading it anew comes through here again.
    if (beingRead.has(this) || !isLeftOut(this.core)) return;
    beingRead.add(this);
    this.core.resetParsedTransactions();
    this.rebuildFromCore();
    beingRead.delete(this);
  };
}

/** Whether something is valid by now, and in no list of what is to be applied. */
function isLeftOut({
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
