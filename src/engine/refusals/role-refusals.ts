import type { RawGroup } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import { isComplete, memberRoleIn } from '../covalue-access.ts';
import { adminStays, writeForbidden } from './write-errors.ts';

type Member = string | { readonly id: string };

/**
 * Throws the kernel's errors before a group is changed. cojson 0.20 makes a change that does not count, and then throws.
 */
export function assertMayGive(group: RawGroup, account: Member, role: string): void {
  const error = refusalOf(group, account, role);
  if (error) throw error;
}

/** `given` is what the members of a group above have by it. */
export function assertMayEnd(group: RawGroup, given: string): void {
  const own = memberRoleIn(group);
  const isForAdmins = given === 'admin' || given === 'extend';
  if (own !== 'admin' && (own !== 'manager' || isForAdmins)) throw writeForbidden(group.id, own);
}

function refusalOf(group: RawGroup, account: Member, role: string): KernelError | undefined {
  const member = typeof account === 'string' ? account : account.id;
  const before: unknown = group.get(member as 'everyone');
  // The missing part of the group may grant the right, and an invite gives its own role.
  if (before === role || !isComplete(group.core) || group.myRole()?.endsWith('Invite')) return undefined;
  const own = memberRoleIn(group);
  const isOwn = member === group.core.node.getCurrentAccountOrAgentID();
  if (isOwn && (own === 'admin' || role === 'revoked')) return undefined;
  if (own !== 'admin' && own !== 'manager') return writeForbidden(group.id, own);
  if (before === 'admin') return adminStays(group.id, own);
  return own === 'manager' && adminsOnly.has(role) ? writeForbidden(group.id, own) : undefined;
}

const adminsOnly: ReadonlySet<string> = new Set(['admin', 'adminInvite', 'managerInvite']);
