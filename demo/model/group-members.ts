import { type AgentID, type RawAccountID, type RawCoMap, type RawGroup } from '@MaiaOS/kernel/cojson';
import { longestName, nameKey } from './list-keys.ts';

/**
 * An account that can open a list. Profiles are private, so other members see only its ID, the day it joined and the
 * name it chose for this list.
 */
export interface MemberView {
  readonly accountID: string;
  readonly isMe: boolean;
  /** Not unique. Only the member can set it. */
  readonly name: string | undefined;
  readonly may: 'manage' | 'change' | 'read';
  readonly sinceMs: number | undefined;
  /** Whether this account can remove the member: only managers can, and they cannot remove managers. */
  readonly canRemove: boolean;
}

type MemberKey = RawAccountID | AgentID;

/** This account first, then the others in the order in which they joined. */
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

/** Ignores values written by other accounts. */
function nameOf(list: RawCoMap, accountID: RawAccountID): string | undefined {
  let name: string | undefined;
  for (const { by, value } of list.editsAt(nameKey(accountID))) {
    if (by !== accountID) continue;
    name = typeof value === 'string' ? value.trim().slice(0, longestName) : undefined;
  }
  return name === '' ? undefined : name;
}

/** The member keys of links that are still valid. */
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
