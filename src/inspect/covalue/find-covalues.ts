import type { LocalNode } from 'cojson';
import { labelCoValue, type CoValueLabel } from '../shared/covalue-label.ts';
import { coValuesInMemory } from '../../engine/private-fields.ts';

export interface FoundCoValues {
  readonly rows: readonly (CoValueLabel & { readonly id: string })[];
  /** There is more in memory than was looked through. */
  readonly isCut: boolean;
}

/** Names are looked up one by one. */
const mostLookedAt = 20_000;

/** Of those in memory, the newest first, whose id, name or kind has the text in it. */
export function findCoValues(node: LocalNode, text: string, limit = 8): FoundCoValues {
  const wanted = text.trim().toLowerCase();
  const loaded = [...coValuesInMemory(node)].filter((coValue) => coValue.verified);
  const rows: (CoValueLabel & { readonly id: string })[] = [];
  for (const { id } of loaded.slice(-mostLookedAt).reverse()) {
    const label = labelCoValue(node, id);
    const words = `${id} ${label.name ?? ''} ${label.kind}`.toLowerCase();
    if (!words.includes(wanted)) continue;
    rows.push({ id, ...label });
    if (rows.length >= limit) break;
  }
  return { rows, isCut: loaded.length > mostLookedAt };
}
