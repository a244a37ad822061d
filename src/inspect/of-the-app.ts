import type { LocalNode } from 'cojson';
import { isJsonRecord } from '../base/json.ts';

/** Whether a CoValue with this header holds values of the app's: groups hold keys, and what the account itself owns is the kernel's. */
export function isOfTheApp(header: unknown, node: LocalNode | undefined): boolean {
  if (!isJsonRecord(header) || !isJsonRecord(header.ruleset)) return false;
  const { type, group } = header.ruleset;
  return type === 'ownedByGroup' && group !== node?.getCurrentAccountOrAgentID();
}
