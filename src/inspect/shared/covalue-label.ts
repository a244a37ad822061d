import type { CoValueHeader, LocalNode } from 'cojson';
import { findCoValue, openMapOf } from '../../engine/private-fields.ts';

/** `unknown`: not loaded, so its header is not at hand. */
export type CoValueKind =
  'Account' | 'Group' | 'CoMap' | 'CoList' | 'CoStream' | 'Binary' | 'Text' | 'unknown';

export interface CoValueLabel {
  readonly kind: CoValueKind;
  readonly name?: string;
}

const kindsByType: Readonly<Record<string, CoValueKind>> = {
  comap: 'CoMap',
  colist: 'CoList',
  costream: 'CoStream',
  coplaintext: 'Text',
};
const namingKeys = ['name', 'title', 'label', 'text'];
const longestName = 80;

/** What a CoValue is and how its own content names it. Reading has no side effect: what is not loaded stays so. */
export function labelCoValue(node: LocalNode, id: string): CoValueLabel {
  const coValue = findCoValue(node, id);
  const header = coValue?.verified?.header;
  if (!coValue || !header) return { kind: 'unknown' };
  const kind = kindOfHeader(header);
  // Groups and accounts hold keys, and nothing of them is a name. A map that is owned by the account itself is the
  // kernel's own, whose values are nobody's to see.
  if (header.ruleset.type !== 'ownedByGroup' || header.ruleset.group === node.getCurrentAccountOrAgentID()) {
    return { kind };
  }
  const map = openMapOf(coValue);
  for (const key of map ? namingKeys : []) {
    const value = map?.get(key);
    if (typeof value === 'string' && value.trim() !== '')
      return { kind, name: value.trim().slice(0, longestName) };
  }
  return { kind };
}

/** Of a CoValue, by its header alone. */
export function kindOfHeader(header: CoValueHeader): CoValueKind {
  if (header.ruleset.type === 'group') return header.meta?.['type'] === 'account' ? 'Account' : 'Group';
  if (header.type === 'costream' && header.meta?.['type'] === 'binary') return 'Binary';
  return kindsByType[header.type] ?? 'unknown';
}
