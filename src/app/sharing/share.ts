import { inviteAgentOf } from '../../engine/membership.ts';
import type { AppCalls } from '../app-calls.ts';
import type { CollaborationParts } from '../app-parts.ts';
import { inviteLink, linkPage } from './invite-link.ts';
import { assertLinkRole } from './link-roles.ts';
import { closeLink } from './open-links.ts';
import { changeMembers } from './share-errors.ts';
import { loadSharedGroup, targetID } from './shared-group.ts';

export function createShare(parts: CollaborationParts): AppCalls['share'] {
  const { node, page } = parts;
  return async (target, { role = 'writer', url = page.url } = {}) => {
    assertLinkRole(role);
    const id = targetID(target);
    const linked = linkPage(url);
    const group = await loadSharedGroup(parts, target);
    const secret = changeMembers(group, () => group.createInvite(role));
    const agentID = inviteAgentOf(node, secret);
    return {
      link: inviteLink(linked, { id, secret }),
      id,
      groupID: group.id,
      role,
      // eslint-disable-next-line @typescript-eslint/require-await -- an error rejects
      revoke: async () => closeLink(group, agentID),
    };
  };
}
