import type { CoValueCore, RawGroup } from 'cojson';
import type { KeySecret } from '../../internal-types.ts';
import { judgeInMemory } from '../group-in-memory.ts';
import type { JudgedGroup } from '../judge-group.ts';
import { countUnknownRevealers } from './find-read-key.ts';
import { inOneSearch, type KeyID } from './key-search.ts';
import { findVoidKey } from './void-keys.ts';

/** The keys that a group lacks, as of so many transactions. A change of a group above makes another judgment. */
interface Lacking {
  readonly judged: JudgedGroup;
  readonly count: number;
  readonly keys: Set<KeyID>;
}

const lackingIn = new WeakMap<CoValueCore, Lacking>();

/**
 * Finds the key of an edit in a group: by what counts, or else by what does not. Each edit asks for its key, cojson asks again
 * at each later edit of the CoValue, and any member can write with a key that no other member has. So a key that is not found is
 * looked for again only once the groups have changed.
 */
export function findEditKey(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  if (lackingIn.get(group.core)?.keys.has(keyID) && lackingNow(group).has(keyID)) return undefined;
  const unknownBefore = countUnknownRevealers();
  const lacking: { readonly of: RawGroup; readonly keyID: KeyID }[] = [{ of: group, keyID }];
  const found = inOneSearch(
    () =>
      group.getReadKey(keyID) ?? findVoidKey(group, keyID, (of, other) => lacking.push({ of, keyID: other })),
  );
  if (!found && countUnknownRevealers() === unknownBefore)
    for (const one of lacking) lackingNow(one.of).add(one.keyID);
  return found;
}

function lackingNow({ core }: RawGroup): Set<KeyID> {
  const judged = judgeInMemory(core);
  const count = judged.refusals.length;
  const known = lackingIn.get(core);
  if (known?.judged === judged && known.count === count) return known.keys;
  const keys = new Set<KeyID>();
  lackingIn.set(core, { judged, count, keys });
  return keys;
}
