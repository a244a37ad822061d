import type { CoValueCore, RawGroup } from 'cojson';
import { whileReplacing } from './keys/leaked-keys.ts';
import { isAdministrator } from './roles.ts';

/**
 * Replaces the key of a group with `rotate`, and then those of the groups below that this account administers: each once, and
 * after all groups above it, whose new keys have to open it. cojson goes down on every way, and there can be endlessly many:
 * whoever may read a group can make groups below it.
 */
export function rotateWithBelow(group: RawGroup, rotate: (group: RawGroup) => void): void {
  const due = new Set([group.core]);
  for (const one of parentsFirst(group)) {
    if (!due.has(one.core)) continue;
    const before = one.get('readKey');
    try {
      whileReplacing(one.core, () => {
        rotate(one);
      });
    } catch (error) {
      if (one === group && one.get('readKey') === before) throw error;
    }
    // Otherwise the former key of this group still opens what is below.
    if (one.get('readKey') !== before) one.forEachChildGroup((child) => due.add(child.core));
  }
}

function parentsFirst(
  group: RawGroup,
  found = new Set<CoValueCore>(),
  last: readonly RawGroup[] = [],
): readonly RawGroup[] {
  found.add(group.core);
  let sorted = last;
  group.forEachChildGroup((child) => {
    if (!found.has(child.core) && isAdministrator(child.myRole()))
      sorted = parentsFirst(child, found, sorted);
  });
  return [group, ...sorted];
}
