import { RawGroup } from 'cojson';

/**
 * In cojson 0.20 a group of which only the header is there throws wherever somebody's role in it is asked for: what it owns
 * cannot be read then, and a deletion in it cannot be judged. Such a group stands where a page ended between the two, and at
 * a relay that lost the rest; anybody can send one. With this, nobody has a role in it until there is more.
 *
 * All groups of this copy of cojson are mended, whichever node has them, and at once. Safe to call again.
 */
export function mendEmptyGroups(): void {
  const { prototype } = RawGroup;
  if (Object.hasOwn(prototype, 'processNewTransactions')) return;
  const { processNewTransactions } = prototype;
  prototype.processNewTransactions = function () {
    // cojson makes these with the first transaction.
    for (const cache of ['parentGroupsChanges', 'keyRevelations']) {
      if (Reflect.get(this, cache) === undefined) Reflect.set(this, cache, new Map());
    }
    processNewTransactions.call(this);
  };
}
