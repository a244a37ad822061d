import type { LocalNode } from 'cojson';
import { isRecord } from '../../base/record.ts';

/** False for groups, which hold keys, and for CoValues that the account itself owns, which belong to the kernel. */
export function isAppContent(header: unknown, node: LocalNode | undefined): boolean {
  if (!isRecord(header) || !isRecord(header.ruleset)) return false;
  const { type, group } = header.ruleset;
  return type === 'ownedByGroup' && group !== node?.getCurrentAccountOrAgentID();
}

/**
 * True for a passkey's own entry: the account's seed, encrypted to that passkey. Relays store it, but no file may hold
 * it.
 */
export function isLeftOut(header: { readonly uniqueness?: unknown } | undefined): boolean {
  return header?.uniqueness === 'maia/keyring/v1';
}
