import {
  RawAccount,
  RawGroup,
  type AvailableCoValueCore,
  type CoValueCore,
  type LocalNode,
  type RawCoID,
  type RawCoValue,
} from 'cojson';
import type { Role } from '../base/role.ts';
import { hasLateDependencies } from './group-rules/absent-dependencies.ts';
import { getAvailableCoValue, getKnownCoValue, hasWaitingContent } from './covalue-lookup.ts';
import { parentGroupsOf } from './private-fields.ts';

// What a group's transaction may be about; for the relay, which judges it before cojson has it.
export { readGroupChange } from './group-rules/read-change.ts';
export { dependedOn, isMisnaming } from './group-rules/named-covalues.ts';
export { isSeen, readSeen } from './group-rules/seen-claims.ts';
export {
  everyone,
  type GroupChange,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
} from './group-rules/group-transaction.ts';

/** The role of this node's account in the group of a CoValue. */
export interface GroupAccess {
  readonly groupID: RawCoID;
  /** Undefined if the account is not a member, or not any more. */
  readonly role: Role | undefined;
}

/** Undefined if no group decides who reads the CoValue: everyone reads a group or an account. */
export function groupAccessOf(node: LocalNode, core: AvailableCoValueCore): GroupAccess | undefined {
  const { ruleset } = core.verified.header;
  if (ruleset.type !== 'ownedByGroup') return undefined;
  const content = getAvailableCoValue(node, ruleset.group)?.getCurrentContent();
  return { groupID: ruleset.group, role: content && memberRoleIn(content) };
}

/** The group that decides who may open a CoValue, or the group itself. Undefined for an account and what belongs to one. */
export function groupIn(core: AvailableCoValueCore): RawGroup | undefined {
  const { ruleset } = core.verified.header;
  const owner = ruleset.type === 'ownedByGroup' ? getAvailableCoValue(core.node, ruleset.group) : core;
  const content = owner?.getCurrentContent();
  return content instanceof RawGroup && !(content instanceof RawAccount) ? content : undefined;
}

/** This node's role; undefined without one, or if the content is no group. */
export function memberRoleIn(content: RawCoValue): Role | undefined {
  // An account that owns CoValues admits only itself.
  if (content instanceof RawAccount) {
    return content.id === content.core.node.getCurrentAccountOrAgentID() ? 'admin' : undefined;
  }
  return content instanceof RawGroup ? asRole(content.myRole()) : undefined;
}

/** Whether a member with this role may edit what the group owns. */
export const mayWrite = (role: Role | undefined) => role !== undefined && role !== 'reader';

/** What this node's account may do with content that is here. Everyone reads a group or an account. */
export function ownRightsTo(content: RawCoValue): {
  readonly role: Role | undefined;
  readonly canWrite: boolean;
} {
  const { node, verified } = content.core;
  const { type } = verified.header.ruleset;
  if (type === 'unsafeAllowAll') return { role: 'writer', canWrite: true };
  if (type === 'ownedByGroup') {
    const role = groupAccessOf(node, content.core)?.role;
    return { role, canWrite: mayWrite(role) };
  }
  const role = memberRoleIn(content) ?? 'reader';
  return { role, canWrite: role === 'admin' || role === 'manager' };
}

/** A group and all groups that it extends, directly or indirectly; each once. */
export function groupChainOf(node: LocalNode, groupID: RawCoID): readonly RawCoID[] {
  const found = new Set([groupID]);
  for (const id of found) {
    const group = getKnownCoValue(node, id);
    for (const parentID of group ? parentGroupsOf(group) : []) found.add(parentID as RawCoID);
  }
  return [...found];
}

/** False while part of the CoValue, or of its group, has yet to arrive or to be handled. */
export function isComplete(core: AvailableCoValueCore): boolean {
  return core.isCompletelyDownloaded() && !core.hasMissingDependencies() && !hasWaitingContent(core);
}

/**
 * The groups above that decide on roles here, and have yet to arrive in full. Not those that are absent, and none that is only
 * named in a transaction that does not count.
 */
export function incompleteGroupsOf(core: AvailableCoValueCore): readonly RawCoID[] {
  const { ruleset } = core.verified.header;
  const groupID = ruleset.type === 'ownedByGroup' ? ruleset.group : core.id;
  return groupChainOf(core.node, groupID).filter((id) => {
    const group = id === core.id ? undefined : getKnownCoValue(core.node, id);
    // A group that is here is enough, although one relay's content of it may wait: another relay may have sent all of it.
    return group && (group.isAvailable() ? !group.isCompletelyDownloaded() : hasWaitingContent(group));
  });
}

/** Also false while a member or parent may only be late: the group is judged without it until then. */
export function isCompleteGroup(group: AvailableCoValueCore): boolean {
  return isComplete(group) && !hasLateDependencies(group) && incompleteGroupsOf(group).length === 0;
}

export function isAccount(core: CoValueCore): boolean {
  return core.isAvailable() && core.getCurrentContent() instanceof RawAccount;
}

const roles: readonly unknown[] = ['reader', 'writer', 'manager', 'admin', 'writeOnly'] satisfies Role[];

/** Undefined for cojson's other roles, which belong to invites, or are `revoked`. */
export function asRole(role: unknown): Role | undefined {
  return roles.includes(role) ? (role as Role) : undefined;
}
