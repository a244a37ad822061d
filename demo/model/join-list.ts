import { type CoID, type InviteSecret, type LocalNode, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { type Invite } from './invite-link.ts';
import { type Lists } from './lists.ts';

export type JoinOutcome =
  | { readonly kind: 'joined'; readonly listID: string }
  /** Neither this device nor a reachable relay has the list. A later attempt may succeed. */
  | { readonly kind: 'missing' }
  /** The list is available, but the link does not admit this account. */
  | { readonly kind: 'refused'; readonly cause: unknown };

/** Joins through a share link and adds the list to this account, once this account's root is loaded. Idempotent. */
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
  await untilReady(lists);
  lists.keep(list.id);
  return { kind: 'joined', listID: list.id };
}

function untilReady(lists: Lists): Promise<void> {
  return new Promise((resolve) => {
    const stop = lists.subscribe(({ state }) => {
      if (state !== 'ready') return;
      queueMicrotask(() => stop()); // The listener may run before `subscribe` returns.
      resolve();
    });
  });
}
