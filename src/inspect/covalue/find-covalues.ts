import type { LocalNode } from 'cojson';
import { coValuesInMemory } from '../../engine/private-fields.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import type { CoValueLabel } from '../snapshot/covalue-kind.ts';

export interface FoundCoValues {
  readonly rows: readonly (CoValueLabel & { readonly id: string })[];
  /** True if the search did not cover everything in memory. */
  readonly isCut: boolean;
}

/** Bounded, because each name is looked up separately. */
const maxSearched = 20_000;

/** CoValues in memory whose ID, name or kind contains the text, most recently loaded first. */
export function findCoValues(node: LocalNode, text: string, limit = 8): FoundCoValues {
  const wanted = text.trim().toLowerCase();
  const loaded = [...coValuesInMemory(node)].filter((coValue) => coValue.verified);
  const rows: (CoValueLabel & { readonly id: string })[] = [];
  for (const { id } of loaded.slice(-maxSearched).reverse()) {
    const label = labelCoValue(node, id);
    const searchable = `${id} ${label.name ?? ''} ${label.kind}`.toLowerCase();
    if (!searchable.includes(wanted)) continue;
    rows.push({ id, ...label });
    if (rows.length >= limit) break;
  }
  return { rows, isCut: loaded.length > maxSearched };
}
