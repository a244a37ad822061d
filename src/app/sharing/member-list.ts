import type { RawAccount, RawAccountID, RawGroup } from 'cojson';
import { createReadable, subscribeCounted } from '../../base/readable.ts';
import { asRole, isAccount, memberRoleIn } from '../../engine/covalue-access.ts';
import { assertMayGive, isAdministrator, raises, removeMember } from '../../engine/membership.ts';
import type { Role } from '../../base/role.ts';
import type { CollaborationParts } from '../app-parts.ts';
import type { Names } from '../names/create-names.ts';
import type { NameView } from '../names/name-view.ts';
import { completeGroupOf, followGroup } from './follow-group.ts';
import { roleGivenBy } from './group-roles.ts';
import { assertLinkRole } from './link-roles.ts';
import { endLinks, openLinksOf } from './open-links.ts';
import { readMembers } from './read-members.ts';
import { changeMembers, roleFromAbove } from './share-errors.ts';
import { loadSharedGroup } from './shared-group.ts';
import { loadingMembers } from './loading-members.ts';
import type { MemberList, Members } from './sharing-types.ts';

export function createMemberList(
  parts: CollaborationParts,
  id: string,
  { names, sessionEnd }: { readonly names: Names; readonly sessionEnd: AbortSignal },
): MemberList {
  const value = createReadable<Members>(loadingMembers, isSame);
  let view: NameView | undefined;
  let stopFollowing = () => {};

  function read(): void {
    const group = completeGroupOf(parts, id);
    if (group) value.set(readMembers(group, parts.accountID, view));
  }

  return {
    get current() {
      return value.current;
    },
    subscribe: subscribeCounted(
      value,
      () => {
        view = names.view(read);
        stopFollowing = followGroup(parts, id, sessionEnd, read);
      },
      () => {
        stopFollowing();
        view?.close();
      },
    ),
    async remove(accountID) {
      const group = await loadSharedGroup(parts, id);
      const member = accountID as RawAccountID;
      refuseFromAbove(group, member, 'revoked');
      changeMembers(group, () => assertMayGive(group, member, 'revoked'));
      // The joining may not have arrived here, so the account is removed all the same, if there is such an account.
      if (group.get(member) === undefined) await parts.load<RawAccount>(accountID);
      const links = openLinksOf(group);
      if (isRemoved(group, member) && links.length === 0) return;
      changeMembers(group, () => {
        // First, or the links would get the new key, and the member could come back through them.
        if (isAdministrator(group.myRole())) endLinks(group, links);
        removeMember(group, member);
      });
    },
    async setRole(accountID, role) {
      assertLinkRole(role);
      const group = await loadSharedGroup(parts, id);
      const account = await parts.load<RawAccount>(accountID);
      if (!isAccount(account.core)) throw new TypeError(`${accountID} is no account. Pass the ID of one.`);
      refuseFromAbove(group, account.id, role);
      changeMembers(group, () => {
        assertMayGive(group, account.id, role);
        const before = asRole(group.get(account.id));
        if (before && before !== role && !raises(before, role)) {
          // The member could raise the role again through these.
          const links = openLinksOf(group).filter((link) => raises(role, link.role));
          endLinks(group, links);
          if (links.length > 0) group.rotateReadKey();
        }
        group.addMember(account, role);
      });
      names.introduce(group.id);
    },
  };
}

/**
 * An admin removes again whom a manager has removed, or who has left: only that ends what such a member adds by an earlier date
 * (GROUP-3).
 */
function isRemoved(group: RawGroup, member: RawAccountID): boolean {
  if (group.get(member) !== 'revoked') return false;
  const by = group.lastEditAt(member)?.by as RawAccountID | undefined;
  const isByAdmin = by !== undefined && by !== member && group.roleOf(by) === 'admin';
  return isByAdmin || memberRoleIn(group) !== 'admin';
}

/** Throws if a group above gives the account more than it would have here. */
function refuseFromAbove(group: RawGroup, accountID: RawAccountID, role: Role | 'revoked'): void {
  for (const above of group.getParentGroups()) {
    const given = roleGivenBy(above, group, accountID);
    if (given && raises(role, given)) throw roleFromAbove(above.id, memberRoleIn(above));
  }
}

function isSame(one: Members, other: Members): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
