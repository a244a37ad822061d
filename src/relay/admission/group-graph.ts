import type { GroupMembers, ParentRoles } from './group-members.ts';

/** Finds a group by its ID. Undefined while it is not here, or if it is none. */
export type FindGroup = (groupID: string) => GroupMembers | undefined;

/** A group and all groups above it that are here. */
export interface GroupGraph {
  readonly groups: ReadonlyMap<string, GroupMembers>;
  /** Which groups extend each. */
  readonly extensions: ReadonlyMap<string, readonly Extension[]>;
}

interface Extension {
  readonly childID: string;
  readonly given: ParentRoles;
}

/**
 * Each group is looked at once, however long the way to it is: with a limit, an administrator of one group above could keep the
 * relay from finding another one.
 */
export function graphAbove(groupID: string, find: FindGroup): GroupGraph {
  const groups = new Map<string, GroupMembers>();
  const extensions = new Map<string, Extension[]>();
  const found = new Set([groupID]);
  for (const id of found) {
    const group = find(id);
    if (!group) continue;
    groups.set(id, group);
    for (const [parentID, given] of group.parents) {
      found.add(parentID);
      const known = extensions.get(parentID);
      if (known) known.push({ childID: id, given });
      else extensions.set(parentID, [{ childID: id, given }]);
    }
  }
  return { groups, extensions };
}

/**
 * Hands values down from group to group, also in circles. They can only rise: `inherit` returns what a group has then, or
 * undefined if it has no more than before.
 */
export function handDown<T>(
  { extensions }: GroupGraph,
  values: Map<string, T>,
  inherit: (
    child: { readonly id: string; readonly has: T | undefined },
    above: T,
    given: ParentRoles,
  ) => T | undefined,
): void {
  const changed = new Set(values.keys());
  for (const id of changed) {
    changed.delete(id);
    const above = values.get(id);
    if (above === undefined) continue;
    for (const { childID, given } of extensions.get(id) ?? []) {
      const has = values.get(childID);
      const value = inherit({ id: childID, has }, above, given);
      if (value === undefined || value === has) continue;
      values.set(childID, value);
      changed.add(childID);
    }
  }
}

/** The group and all groups above it, also those that are not here. */
export function groupsAbove(groupID: string, find: FindGroup): ReadonlySet<string> {
  const found = new Set([groupID]);
  for (const id of found) for (const parentID of find(id)?.parents.keys() ?? []) found.add(parentID);
  return found;
}
