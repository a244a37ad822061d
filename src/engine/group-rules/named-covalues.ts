import { cojsonInternals, type RawCoID } from 'cojson';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import type { Content, CoValueHeader, Transaction } from '../content.ts';

export const letter = '[1-9A-HJ-NP-Za-km-z]';
/** Longer than cojson's. Without a limit, a long ID costs every reader time. */
export const text = `${letter}{1,64}`;
export const coValueID = `co_z${text}`;
const idForm = new RegExp(`^${coValueID}$`);
const canBeCoValueID = (name: string) => idForm.test(name);

/**
 * The owner and the authors of content, and the members and parents that it names in a group. cojson takes any key for a name
 * that begins like one. What no ID can be is left out: no storage or relay has it, and some fail at its characters.
 */
export function dependedOn(header: CoValueHeader, content: Content): readonly RawCoID[] {
  const all = [...cojsonInternals.getDependedOnCoValues(header, content)];
  return header.ruleset.type === 'group' ? all.filter(canBeCoValueID) : all;
}

/** Whether a transaction of a group names members or parents, and only by what can be an ID. */
export function isNaming(transaction: Transaction): boolean {
  const names = namesIn(transaction);
  return names.length > 0 && names.every(canBeCoValueID);
}

/** Whether a transaction of a group names as a member or parent what no ID can be. */
export function isMisnaming(transaction: Transaction): boolean {
  return !namesIn(transaction).every(canBeCoValueID);
}

/** As cojson finds them. */
function namesIn(transaction: Transaction): readonly RawCoID[] {
  if (transaction.privacy !== 'trusting' || !mayName(transaction.changes)) return [];
  const changes = parseJson(transaction.changes);
  if (!Array.isArray(changes)) return [];
  return changes.flatMap((change) => {
    if (!isRecord(change) || change.op !== 'set') return [];
    const name = cojsonInternals.getGroupDependentKey(change.key);
    return name ? [name] : [];
  });
}

/** Most transactions of a large group reveal a key, and need not be parsed. JSON can write each character as an escape. */
function mayName(changes: string): boolean {
  return changes.includes('"co_') || changes.includes('"parent_') || changes.includes('\\');
}
