import { type RawAccount, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { openInvites } from './group-members.ts';
import { inviteKey } from './list-keys.ts';

/**
 * Invalidates existing links and rotates the read key; members stay. Earlier content stays readable through an old link,
 * which holds the old key.
 */
export function revokeLinks(list: RawCoMap): void {
  closeLinks(list);
  // `removeMember` rotates the key the same way. All members' accounts are loaded, because the group depends on them.
  list.group.rotateReadKey();
}

/** Also revokes the links, because the member could rejoin through them. */
export function removeMember(list: RawCoMap, member: RawAccount): void {
  // Revoke before the key rotates, or the links would get the new key.
  closeLinks(list);
  list.group.removeMember(member);
}

function closeLinks(list: RawCoMap): void {
  for (const invite of openInvites(list.group)) list.group.set(invite, 'revoked', 'trusting');
  list.delete(inviteKey);
}
