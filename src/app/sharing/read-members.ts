import type { AgentID, RawAccountID, RawGroup } from 'cojson';
import { asRole } from '../../engine/covalue-access.ts';
import type { NameView } from '../names/name-view.ts';
import { ownRoleOf, withGroupsAbove } from './group-roles.ts';
import { closeLink, openLinksOf } from './open-links.ts';
import type { Member, Members, OpenLink } from './sharing-types.ts';

/** Who can open what a group owns. The group, and all above it, are here. */
export function readMembers(group: RawGroup, myID: string, names: NameView | undefined): Members {
  const groups = withGroupsAbove(group);
  const accountIDs = new Set(groups.flatMap((one) => one.getMemberKeys()).filter(isAccountID));
  const members = [...accountIDs].flatMap((accountID) => {
    const role = ownRoleOf(group, accountID);
    if (!role) return [];
    const name = names?.nameOf(group, accountID);
    const member: Member = { accountID, role, ...(name !== undefined && { name }), isMe: accountID === myID };
    return { member, joinedMs: joinedMs(groups, accountID) };
  });
  members.sort(
    ({ member: one, joinedMs: oneMs }, { member: other, joinedMs: otherMs }) =>
      Number(other.isMe) - Number(one.isMe) || oneMs - otherMs || (one.accountID < other.accountID ? -1 : 1),
  );
  const everyone = asRole(group.roleOf('everyone'));
  return {
    state: 'ready',
    members: members.map(({ member }) => member),
    links: openLinksOf(group).map(({ agentID, role }) => linkOf(group, agentID, role)),
    ...(everyone && { everyone }),
  };
}

function linkOf(group: RawGroup, agentID: AgentID, role: OpenLink['role']): OpenLink {
  return {
    id: agentID,
    role,
    createdAtMs: group.lastEditAt(agentID)?.at.getTime() ?? 0,
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
    revoke: async () => {
      closeLink(group, agentID);
    },
  };
}

/** Since when the account has had a role without a break, in the first of the groups that gave it one. */
function joinedMs(groups: readonly RawGroup[], accountID: RawAccountID): number {
  const dates = groups.flatMap((group) => {
    let sinceMs: number | undefined;
    for (const { at, value } of group.editsAt(accountID))
      sinceMs = asRole(value) === undefined ? undefined : (sinceMs ?? at.getTime());
    return sinceMs ?? [];
  });
  return Math.min(...dates);
}

function isAccountID(key: RawAccountID | AgentID): key is RawAccountID {
  return key.startsWith('co_');
}
