import { type CoID, type InviteSecret, type LocalNode, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { type Invite } from './invite-link.ts';
import { type Lists } from './lists.ts';

export type JoinOutcome =
  | { readonly kind: 'joined'; readonly listID: string }
  /** The list is not on this device, and no relay that answers has it. Asking again later may help. */
  | { readonly kind: 'missing' }
  /** The list is there, and the link does not let this account in. */
  | { readonly kind: 'refused'; readonly cause: unknown };

/** Joins by a share link and puts the list among this account's. Safe to call again. */
export async function joinList(node: LocalNode, lists: Lists, invite: Invite): Promise<JoinOutcome> {
  const list = await node.load(invite.listID as CoID<RawCoMap>);
  if (list === 'unavailable') return { kind: 'missing' };
  try {
    if (list.group.myRole() === undefined) {
      await node.acceptInvite(list.id, invite.secret as InviteSecret);
    }
    if (list.group.myRole() === undefined) throw new Error('The invite gave this account no role.');
  } catch (cause) {
    return { kind: 'refused', cause };
  }
  lists.keep(list.id);
  return { kind: 'joined', listID: list.id };
}
