import {
  RawAccount,
  RawGroup,
  type AvailableCoValueCore,
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

/** This node's role; undefined without one, or if the content is no group. */
export function memberRoleIn(content: RawCoValue): Role | undefined {
  // An account that owns CoValues admits only itself.
  if (content instanceof RawAccount) {
    return content.id === content.core.node.getCurrentAccountOrAgentID() ? 'admin' : undefined;
  }
  const role = content instanceof RawGroup ? content.myRole() : undefined;
  return isMemberRole(role) ? role : undefined;
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

/** cojson's other roles belong to invites, or are `revoked`. */
function isMemberRole(role: ReturnType<RawGroup['myRole']>): role is Role {
  return (
    role === 'reader' || role === 'writer' || role === 'manager' || role === 'admin' || role === 'writeOnly'
  );
}
