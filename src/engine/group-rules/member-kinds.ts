import type { CoValueCore, LocalNode } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { isAgentID } from './read-change.ts';

/** Something that keys can be encrypted to, something else, or not here so far. */
export type MemberKind = 'account' | 'other' | 'absent';

const kindsByNode = new WeakMap<LocalNode, (id: string) => MemberKind>();

/**
 * Returns what the CoValue with an ID is, for all IDs of one node. This is true for good, also after the CoValue has left the
 * memory.
 */
export function memberKindsOf(node: LocalNode): (id: string) => MemberKind {
  const kindOf = kindsByNode.get(node) ?? createMemberKinds(node);
  kindsByNode.set(node, kindOf);
  return kindOf;
}

function createMemberKinds(node: LocalNode): (id: string) => MemberKind {
  const kinds = new Map<string, MemberKind>();
  return (id) => {
    const known = kinds.get(id);
    if (known) return known;
    const core = getKnownCoValue(node, id);
    if (!core?.isAvailable()) return 'absent';
    const kind = isAccount(core) ? 'account' : 'other';
    kinds.set(id, kind);
    return kind;
  };
}

function isAccount(core: CoValueCore): boolean {
  return isMap(core) && core.isGroupOrAccount() && !core.isGroup() && isAgentID(initialAdminOf(core));
}

export function isMap({ verified }: CoValueCore): boolean {
  return verified?.header.type === 'comap';
}

/** A header can hold any JSON. */
export function initialAdminOf({ verified }: CoValueCore): string {
  const ruleset = verified?.header.ruleset;
  return ruleset?.type === 'group' ? String(ruleset.initialAdmin) : '';
}
