import { askedOnce } from './asked-once.ts';
import { everyone, type GroupRoles, type MemberRole, type ParentRole } from './group-transaction.ts';

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

/**
 * The roles of a group by date, from the transactions that count. They are added in order of dates. A class for the reason that
 * `KeyRules` is one.
 */
export class RoleHistory implements GroupRoles {
  private readonly members = new Map<string, Member>();
  private readonly parents = new Map<string, Parent>();

  setRole(member: string, value: MemberRole, atMs: number): void {
    const known = this.members.get(member);
    if (!known) return void this.members.set(member, { changes: [{ atMs, value }], latest: value });
    known.changes.push({ atMs, value });
    known.latest = value;
  }

  setParent(parentID: string, roles: GroupRoles, value: ParentRole, atMs: number): void {
    const parent = this.parents.get(parentID) ?? { roles, changes: [] };
    this.parents.set(parentID, parent);
    if (value !== 'revoked') parent.roles = roles;
    parent.changes.push({ atMs, value });
  }

  /** The latest role that the group itself gives. */
  directRole(member: string): MemberRole | undefined {
    return this.members.get(member)?.latest;
  }

  parentRole(parentID: string): ParentRole | undefined {
    return this.parents.get(parentID)?.changes.at(-1)?.value;
  }

  /** The latest role, raised by what the parents give at this date. */
  memberRoleAt(member: string, atMs: number): MemberRole | undefined {
    const role = this.directRole(member);
    // As for most groups, and for each of their transactions.
    if (this.parents.size === 0) return role;
    return this.raiseByParents(role, member, atMs, (parent) => parent.changes.at(-1)?.value);
  }

  roleAt(member: string, atMs: number): MemberRole | undefined {
    const direct = this.directRoleAt(member, atMs);
    if (this.parents.size === 0) return this.withEveryone(direct, atMs);
    return askedOnce(this.members, `${atMs} ${member}`, () =>
      this.withEveryone(
        this.raiseByParents(direct, member, atMs, (parent) => valueAt(parent.changes, atMs)),
        atMs,
      ),
    );
  }

  private directRoleAt(member: string, atMs: number): MemberRole | undefined {
    return valueAt(this.members.get(member)?.changes, atMs);
  }

  private withEveryone(role: MemberRole | undefined, atMs: number): MemberRole | undefined {
    const found = role === undefined || role === 'revoked' ? this.directRoleAt(everyone, atMs) : role;
    return found === 'revoked' ? undefined : found;
  }

  private raiseByParents(
    role: MemberRole | undefined,
    member: string,
    atMs: number,
    givenBy: (parent: Parent) => ParentRole | undefined,
  ): MemberRole | undefined {
    let raised = role;
    for (const parent of this.parents.values()) {
      const given = givenBy(parent);
      if (given !== undefined && given !== 'revoked')
        raised = raise(raised, inherited(given, parent.roles.roleAt(member, atMs)));
    }
    return raised;
  }
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
