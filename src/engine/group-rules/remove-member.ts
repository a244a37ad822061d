import type { RawGroup } from 'cojson';
import { assertMayGive } from '../refusals/role-refusals.ts';
import { groupClock } from '../session-maps/edit-clock.ts';
import { judgeInMemory } from './group-in-memory.ts';
import { isAdministrator } from './roles.ts';

type Member = Parameters<RawGroup['rotateReadKey']>[0] & string;

/** Removes an account, an invite or `everyone`, and replaces the key. Throws WRITE_FORBIDDEN before anything is changed. */
export function removeMember(group: RawGroup, member: Member): void {
  assertMayGive(group, member, 'revoked');
  removeFrom(group, member);
}

/**
 * Removes a member and then replaces the key. cojson 0.20 replaces the key first, so a relay could show the new key to
 * another device while it withholds the removal, and any error keeps the member in the group.
 *
 * An error in a group that extends this one ends nothing here: whoever may read this group can make such a group, and keep
 * its key from being replaced.
 */
function removeFrom(group: RawGroup, member: Member): void {
  const canReplaceKey = isAdministrator(group.myRole());
  const isOwn = member === group.core.node.getCurrentAccountOrAgentID();
  endingRoles(groupsBelow(group), [member], () => {
    // Without their role, they could not replace the key afterwards.
    if (canReplaceKey && isOwn) group.rotateReadKey(member);
    group.set(member, 'revoked', 'trusting');
    if (group.get(member) !== 'revoked')
      throw new Error(`Failed to revoke role to ${member} (role of current account is ${group.myRole()})`);
  });
  if (canReplaceKey && !isOwn) group.rotateReadKey(member);
}

/**
 * Makes a change that can end members' administration of these groups. Afterwards it gives each of them, where that happened,
 * their own role again: that transaction names what was seen, so that they add nothing to the time before.
 */
export function endingRoles(
  groups: readonly RawGroup[],
  members: readonly Member[],
  change: () => void,
): void {
  const administers = (group: RawGroup, member: Member) => isAdministrator(group.roleOfInternal(member));
  // A member can date the end of the own role far ahead, and is an administrator until then.
  const administersNow = ({ core }: RawGroup, member: Member) =>
    isAdministrator(judgeInMemory(core).roles.roleAt(member, groupClock(core.node).untilMs));
  const before = groups.flatMap((group) =>
    members.flatMap((member) =>
      administers(group, member) || administersNow(group, member) ? [{ group, member }] : [],
    ),
  );
  change();
  for (const { group, member } of before) {
    if (administers(group, member) || group.myRole() !== 'admin') continue;
    group.set(member, group.get(member) ?? 'revoked', 'trusting');
  }
}

/** The open groups that extend this one, or one that does. */
export function groupsBelow(group: RawGroup): readonly RawGroup[] {
  const found = new Set<RawGroup>();
  const addBelow = (above: RawGroup) => {
    above.forEachChildGroup((child) => {
      if (found.has(child)) return;
      found.add(child);
      addBelow(child);
    });
  };
  addBelow(group);
  return [...found];
}
