import { askedOnce } from './asked-once.ts';
import { everyone, type GroupRoles, type MemberRole, type ParentRole } from './group-transaction.ts';

/** The roles of a group by date, from the transactions that count. They are added in order of dates. */
export interface RoleHistory extends GroupRoles {
  setRole(member: string, role: MemberRole, atMs: number): void;
  setParent(parentID: string, roles: GroupRoles, role: ParentRole, atMs: number): void;
  /** The latest role that the group itself gives. */
  directRole(member: string): MemberRole | undefined;
  parentRole(parentID: string): ParentRole | undefined;
  /** The latest role, raised by what the parents give at this date. */
  memberRoleAt(member: string, atMs: number): MemberRole | undefined;
}

interface Dated<T> {
  readonly atMs: number;
  readonly value: T;
}

interface Member {
  readonly changes: Dated<MemberRole>[];
  latest: MemberRole;
}

interface Parent {
  roles: GroupRoles;
  readonly changes: Dated<ParentRole>[];
}

export function createRoleHistory(): RoleHistory {
  const members = new Map<string, Member>();
  const parents = new Map<string, Parent>();

  function raiseByParents(
    role: MemberRole | undefined,
    member: string,
    atMs: number,
    givenBy: (parent: Parent) => ParentRole | undefined,
  ): MemberRole | undefined {
    let raised = role;
    for (const parent of parents.values()) {
      const given = givenBy(parent);
      if (given !== undefined && given !== 'revoked')
        raised = raise(raised, inherited(given, parent.roles.roleAt(member, atMs)));
    }
    return raised;
  }

  function withEveryone(role: MemberRole | undefined, atMs: number): MemberRole | undefined {
    const found = role === undefined || role === 'revoked' ? directRoleAt(everyone, atMs) : role;
    return found === 'revoked' ? undefined : found;
  }

  function directRoleAt(member: string, atMs: number): MemberRole | undefined {
    return valueAt(members.get(member)?.changes, atMs);
  }

  return {
    setRole(member, value, atMs) {
      const known = members.get(member);
      if (!known) return void members.set(member, { changes: [{ atMs, value }], latest: value });
      known.changes.push({ atMs, value });
      known.latest = value;
    },
    setParent(parentID, roles, value, atMs) {
      const parent = parents.get(parentID) ?? { roles, changes: [] };
      parents.set(parentID, parent);
      if (value !== 'revoked') parent.roles = roles;
      parent.changes.push({ atMs, value });
    },
    directRole: (member) => members.get(member)?.latest,
    parentRole: (parentID) => parents.get(parentID)?.changes.at(-1)?.value,
    memberRoleAt(member, atMs) {
      const role = members.get(member)?.latest;
      // As for most groups, and for each of their transactions.
      if (parents.size === 0) return role;
      return raiseByParents(role, member, atMs, (parent) => parent.changes.at(-1)?.value);
    },
    roleAt(member, atMs) {
      if (parents.size === 0) return withEveryone(directRoleAt(member, atMs), atMs);
      return askedOnce(members, `${atMs} ${member}`, () =>
        withEveryone(
          raiseByParents(directRoleAt(member, atMs), member, atMs, (parent) => valueAt(parent.changes, atMs)),
          atMs,
        ),
      );
    },
  };
}

/** What a member with this role in a parent has in the group. Only four roles are inherited. */
function inherited(
  given: Exclude<ParentRole, 'revoked'>,
  role: MemberRole | undefined,
): MemberRole | undefined {
  const isInherited = role === 'admin' || role === 'manager' || role === 'writer' || role === 'reader';
  return !isInherited ? undefined : given === 'extend' ? role : given;
}

/** Parents never lower a role. */
function raise(role: MemberRole | undefined, given: MemberRole | undefined): MemberRole | undefined {
  if (given === undefined) return role;
  if (role === undefined || role === 'revoked' || given === 'admin') return given;
  if (given === 'manager') return role === 'admin' ? role : given;
  return given === 'writer' && (role === 'reader' || role === 'writeOnly') ? given : role;
}

function valueAt<T>(changes: readonly Dated<T>[] | undefined, atMs: number): T | undefined {
  return changes?.findLast((change) => change.atMs <= atMs)?.value;
}
