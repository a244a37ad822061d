import { type AgentID, type RawAccountID, type RawCoMap, type RawGroup } from '@MaiaOS/kernel/cojson';
import { longestName, nameKey } from './list-keys.ts';

/** An account that can open a list. Profiles are private: it is known by its number, its day, and what it calls itself on the list. */
export interface MemberView {
  readonly accountID: string;
  readonly isMe: boolean;
  /** Not unique. Nobody can give it but the member. */
  readonly name: string | undefined;
  readonly may: 'manage' | 'change' | 'read';
  readonly sinceMs: number | undefined;
  /** By this account. Who manages a list can be removed by nobody but themselves. */
  readonly canRemove: boolean;
}

type MemberKey = RawAccountID | AgentID;

/** This account first, then in the order in which they came. */
export function readMembers(list: RawCoMap, myID: string): readonly MemberView[] {
  const { group } = list;
  const canManage = isManager(group.myRole());
  const members = accountIDs(group).map((accountID) => {
    const role = group.roleOf(accountID);
    const isMe = accountID === myID;
    return {
      accountID,
      isMe,
      name: nameOf(list, accountID),
      may: isManager(role) ? 'manage' : role === 'writer' ? 'change' : 'read',
      sinceMs: group.lastEditAt(accountID)?.at.getTime(),
      canRemove: canManage && !isMe && !isManager(role),
    } as const;
  });
  return members.sort(
    (one, other) => Number(other.isMe) - Number(one.isMe) || (one.sinceMs ?? 0) - (other.sinceMs ?? 0),
  );
}

/** What others wrote in its place counts for nothing. */
function nameOf(list: RawCoMap, accountID: RawAccountID): string | undefined {
  let name: string | undefined;
  for (const { by, value } of list.editsAt(nameKey(accountID))) {
    if (by !== accountID) continue;
    name = typeof value === 'string' ? value.trim().slice(0, longestName) : undefined;
  }
  return name === '' ? undefined : name;
}

/** The keys behind links that still let somebody in. */
export function openInvites(group: RawGroup): readonly MemberKey[] {
  return group.getMemberKeys().filter((key) => group.get(key)?.endsWith('Invite'));
}

export function accountIDs(group: RawGroup): readonly RawAccountID[] {
  return group
    .getMemberKeys()
    .filter((key) => isAccount(key))
    .filter((key) => group.roleOf(key) !== undefined);
}

export function isManager(role: ReturnType<RawGroup['myRole']>): boolean {
  return role === 'manager' || role === 'admin';
}

function isAccount(key: MemberKey): key is RawAccountID {
  return key.startsWith('co_');
}
