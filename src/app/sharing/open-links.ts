import type { AgentID, RawGroup } from 'cojson';
import type { Role } from '../../base/role.ts';
import { assertMayGive, removeMember, roleOfInvite } from '../../engine/membership.ts';
import { changeMembers } from './share-errors.ts';

interface Link {
  readonly agentID: AgentID;
  /** Also `admin`, if another app has made the link. */
  readonly role: Role;
}

/** The links of the group itself, and not of groups above. */
export function openLinksOf(group: RawGroup): readonly Link[] {
  return group.getMemberKeys().flatMap((key) => {
    const role = roleOfInvite(group.get(key));
    return role && !key.startsWith('co_') ? { agentID: key as AgentID, role } : [];
  });
}

/** Takes effect once. Anyone who had the link had the key, so the key is replaced after the link gets no more keys. */
export function closeLink(group: RawGroup, agentID: AgentID): void {
  if (roleOfInvite(group.get(agentID)) === undefined) return;
  changeMembers(group, () => {
    removeMember(group, agentID);
  });
}

/** Closes all of these links. Then the key has to be replaced, once. */
export function endLinks(group: RawGroup, links: readonly Link[]): void {
  for (const { agentID } of links) {
    assertMayGive(group, agentID, 'revoked');
    group.set(agentID, 'revoked', 'trusting');
  }
}
