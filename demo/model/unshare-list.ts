import { type RawAccount, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { openInvites } from './group-members.ts';
import { inviteKey } from './list-keys.ts';

/**
 * Nobody joins by a link that was made until now; who has joined stays. What is written from now on has a new key. What
 * was written before can still be read by who has a link and fetches it, since that holds the key of then. cojson goes by
 * the time that a transaction names, so a changed program can also date its joining back; it does not get the new key, as
 * long as nobody makes another one while it stands among the members.
 */
export function revokeLinks(list: RawCoMap): void {
  closeLinks(list);
  // What `removeMember` does for one that leaves. The accounts of those who stay are here, as the group depends on them.
  list.group.rotateReadKey();
}

/** The links are revoked too, since the member has them, and would come back by them. */
export function removeMember(list: RawCoMap, member: RawAccount): void {
  // Before the key is changed, or the new one would be sealed to the links as well.
  closeLinks(list);
  list.group.removeMember(member);
}

function closeLinks(list: RawCoMap): void {
  for (const invite of openInvites(list.group)) list.group.set(invite, 'revoked', 'trusting');
  list.delete(inviteKey);
}
