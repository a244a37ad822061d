import type { CoValueCore, RawGroup } from 'cojson';
import type { KeySecret } from '../../internal-types.ts';
import { groupsEverAbove, type KeyID } from './find-read-key.ts';
import { findVoidKey } from './void-keys.ts';

/** The keys that a group lacks, as of so many transactions of it and of all groups that were ever above it. */
interface Lacking {
  readonly count: number;
  readonly keys: Set<KeyID>;
}

const lackingIn = new WeakMap<CoValueCore, Lacking>();

/**
 * Finds the key of an edit in a group: by what counts, or else by what does not. Each edit asks for its key, and any member can
 * make many edits with a key that nobody else has, so a key that is not found is looked for once while they are read.
 */
export function findEditKey(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  const known = lackingIn.get(group.core);
  if (known?.keys.has(keyID) && known.count === countAll(group)) return undefined;
  const found = group.getReadKey(keyID) ?? findVoidKey(group, keyID);
  if (!found) addLacking(group, keyID);
  return found;
}

function addLacking(group: RawGroup, keyID: KeyID): void {
  const count = countAll(group);
  const known = lackingIn.get(group.core);
  if (known?.count === count) known.keys.add(keyID);
  else lackingIn.set(group.core, { count, keys: new Set([keyID]) });
  // The account of who reveals a key can also arrive, which changes no count.
  queueMicrotask(() => lackingIn.delete(group.core));
}

function countAll(group: RawGroup): number {
  const all = new Set([group]);
  let count = 0;
  // Those that are added meanwhile are counted, too.
  for (const one of all) {
    count += 1 + one.core.verifiedTransactions.length;
    for (const parent of groupsEverAbove(one)) all.add(parent);
  }
  return count;
}
