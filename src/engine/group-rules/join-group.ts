import { RawGroup } from 'cojson';
import type { Role } from '../../base/role.ts';
import { agentSecretOf } from '../refusals/invite-errors.ts';

/**
 * Gives this node's account the role of an invite, in a group that is here in full. cojson's `acceptInvite` keeps a listener of
 * the group for each call, and lets nobody back in whom the group has removed, if the invite is for `writeOnly`.
 */
export async function joinByInvite(group: RawGroup, secret: string, role: Role): Promise<void> {
  const { node } = group.core;
  const agentSecret = agentSecretOf(node.crypto, secret);
  const core = await node.loadCoValueAsDifferentAgent(group.id, agentSecret);
  const asInvite = core.getCurrentContent();
  if (!(asInvite instanceof RawGroup)) return;
  asInvite.addMemberInternal(node.getCurrentAgent(), role);
  for (const piece of core.newContentSince(group.core.knownState()) ?? [])
    node.syncManager.handleNewContent(piece, 'import');
}
