import {
  everyone,
  type GroupContext,
  type GroupRoles,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
  type Refusal,
} from './group-transaction.ts';
import { emptyList } from '../reading/lists.ts';
import type { Role } from '../../base/role.ts';
import { RoleHistory } from './role-history.ts';

export interface JudgedRoles {
  /** Why each transaction does not count, as far as roles decide. */
  readonly refusals: readonly Refusal[];
  /** The role that each transaction's author had at its date. */
  readonly authorRoles: readonly (MemberRole | undefined)[];
  /** The role that `everyone` had at each transaction's date. */
  readonly everyoneRoles: readonly (MemberRole | undefined)[];
  readonly roles: GroupRoles;
}

/**
 * GROUP-2: decides in one pass by date who may change roles, parents and settings. Whether a transaction counts depends on
 * the roles at its date and on nothing later, except that `voided` ones never count.
 */
export class RoleJudge implements JudgedRoles {
  readonly refusals = emptyList<Refusal>();
  readonly authorRoles = emptyList<MemberRole | undefined>();
  readonly everyoneRoles = emptyList<MemberRole | undefined>();
  readonly roles = new RoleHistory();

  constructor(
    private readonly context: GroupContext,
    private readonly voided: ReadonlySet<GroupTransaction | undefined> = new Set(),
  ) {}

  /** Its date is not before that of any transaction added so far. */
  add(transaction: GroupTransaction): void {
    const role = this.roles.memberRoleAt(transaction.author, transaction.atMs);
    this.authorRoles.push(role);
    this.everyoneRoles.push(this.roles.directRole(everyone));
    const refusal = this.voided.has(transaction)
      ? 'Only what an admin had seen before they removed its author counts'
      : this.refusalOf(transaction, role);
    this.refusals.push(refusal);
    if (refusal === undefined) this.apply(transaction);
  }

  private apply(transaction: GroupTransaction): void {
    const { change, atMs } = transaction;
    if (change.kind === 'role') this.roles.setRole(change.member, change.role, atMs);
    if (change.kind !== 'parent') return;
    const roles = this.context.findParent(change.parentID, transaction);
    if (typeof roles === 'object') this.roles.setParent(change.parentID, roles, change.role, atMs);
  }

  private refusalOf(transaction: GroupTransaction, role: MemberRole | undefined): Refusal {
    const { change } = transaction;
    switch (change.kind) {
      case 'malformed':
        return change.reason;
      case 'private':
        if (!this.context.isAccount) return "Can't make private transactions in groups";
        return role === 'admin' ? undefined : 'Only admins can make private transactions in accounts';
      case 'setting':
        return isAdministrator(role) ? undefined : `Only admins and managers can set ${change.key}`;
      case 'parent':
        return this.refusalOfParent(transaction, change.parentID, change.role, role);
      case 'role':
        return this.refusalOfRole(transaction, change.member, change.role, role);
      case 'writeKey':
      case 'revelation':
        // Keys never influence roles, so they are judged afterwards.
        return undefined;
    }
  }

  private refusalOfParent(
    transaction: GroupTransaction,
    parentID: string,
    given: ParentRole,
    role: MemberRole | undefined,
  ): Refusal {
    if (!isAdministrator(role)) return 'Only admins and managers can set parent groups';
    // Otherwise the role that an admin takes from them would return through another group.
    if (role === 'manager' && given !== 'revoked') return 'Managers can only end parents';
    const before = this.roles.parentRole(parentID);
    const isForAdmins = before === 'admin' || before === 'extend';
    if (role === 'manager' && isForAdmins) return "Managers can't end a parent that gives admins";
    const parent = this.context.findParent(parentID, transaction);
    if (parent === 'no group') return noGroup;
    return parent === 'circular' ? circularParent : undefined;
  }

  private refusalOfRole(
    { author, atMs }: GroupTransaction,
    member: string,
    given: MemberRole,
    role: MemberRole | undefined,
  ): Refusal {
    if (member !== everyone && this.context.isOtherCoValue(member))
      return 'Group transaction must name an account or agent';
    const isOwn = member === author;
    if (role === undefined && isOwn && given === 'admin' && author === this.context.initialAdmin)
      return undefined;
    const invitesTo = roleOfInvite(role);
    if (invitesTo !== undefined) return this.refusalOfInvite(member, given, invitesTo);
    if (isOwn && given === 'revoked' && role !== undefined && role !== 'revoked') return undefined;
    if (!isAdministrator(role)) return 'Group transaction must be made by current admin, manager, or invite';
    const isAdmin = this.roles.memberRoleAt(member, atMs) === 'admin';
    if (role === 'admin')
      return isAdmin && !isOwn && given !== 'admin' ? "Admins can't demote admins." : undefined;
    if (isAdmin) return "Managers can't demote admins.";
    return adminsOnly.includes(given)
      ? "Managers can't give the role of an admin, or invite managers."
      : undefined;
  }

  private refusalOfInvite(member: string, given: MemberRole, invitesTo: MemberRole): Refusal {
    const before = this.roles.directRole(member);
    const isRaised =
      member !== everyone &&
      member !== this.context.initialAdmin &&
      roleOfInvite(before) === undefined &&
      raises(before, invitesTo);
    return given === invitesTo && isRaised
      ? undefined
      : 'Invites can only raise one account to their own role';
  }
}

/** Of a parent that an admin sets, or a manager ends. */
export const noGroup = 'Parent group is not a group';

/** The last reason that is considered for a parent. */
export const circularParent = 'Parent group is a circular dependency';

const adminsOnly: readonly unknown[] = ['admin', 'adminInvite', 'managerInvite'];
const ascending: readonly unknown[] = ['writeOnly', 'reader', 'writer', 'manager', 'admin'];

export function isAdministrator(role: MemberRole | undefined): boolean {
  return role === 'admin' || role === 'manager';
}

/** The role that an invite gives; undefined for roles that are no invite's. */
export function roleOfInvite(role: MemberRole | undefined): Role | undefined {
  return role?.endsWith('Invite') ? (role.slice(0, -'Invite'.length) as Role) : undefined;
}

/** Whether the given role allows all that the other one does, and more. */
export function raises(before: MemberRole | undefined, given: MemberRole): boolean {
  const [held, offered] = [ascending.indexOf(before), ascending.indexOf(given)];
  // A reader cannot write.
  return offered > held && !(before === 'writeOnly' && given === 'reader');
}
