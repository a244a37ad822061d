import type { CoValueHeader, LocalNode } from 'cojson';
import { findCoValue, openMapOf } from '../../engine/private-fields.ts';
import type { CoValueKind, CoValueLabel } from '../snapshot/covalue-kind.ts';

const kindsByType: Readonly<Record<string, CoValueKind>> = {
  comap: 'CoMap',
  colist: 'CoList',
  costream: 'CoStream',
  coplaintext: 'Text',
};
const namingKeys = ['name', 'title', 'label', 'text'];
const maxNameLength = 80;

/** The kind of a CoValue, and its name according to its own content. Loads nothing. */
export function labelCoValue(node: LocalNode, id: string): CoValueLabel {
  const coValue = findCoValue(node, id);
  const header = coValue?.verified?.header;
  if (!coValue || !header) return { kind: 'unknown' };
  const kind = kindOfHeader(header);
  // Groups and accounts hold keys, not names. A map that the account itself owns belongs to the kernel.
  if (header.ruleset.type !== 'ownedByGroup' || header.ruleset.group === node.getCurrentAccountOrAgentID()) {
    return { kind };
  }
  const map = openMapOf(coValue);
  for (const key of map ? namingKeys : []) {
    const value = map?.get(key);
    if (typeof value === 'string' && value.trim() !== '')
      return { kind, name: value.trim().slice(0, maxNameLength) };
  }
  return { kind };
}

export function kindOfHeader(header: CoValueHeader): CoValueKind {
  if (header.ruleset.type === 'group') return header.meta?.['type'] === 'account' ? 'Account' : 'Group';
  if (header.type === 'costream' && header.meta?.['type'] === 'binary') return 'Binary';
  return kindsByType[header.type] ?? 'unknown';
}
