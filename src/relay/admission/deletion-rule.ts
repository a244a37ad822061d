import { RawGroup, type LocalNode } from 'cojson';
import { getAvailableCoValue, getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { authorOf, isDeleteSession, type Content } from '../../engine/content.ts';

/**
 * GUARD, G3a: whether the author of a deletion is an admin now. cojson asks only for the deletion's own date, and an admin who
 * was removed chooses that. A deletion is final.
 */
export function mayDeleteNow(node: LocalNode, message: Content, sessionID: string): boolean {
  if (!isDeleteSession(sessionID)) return true;
  const header = getKnownCoValue(node, message.id)?.verified?.header ?? message.header;
  // cojson refuses to delete anything else.
  if (header?.ruleset.type !== 'ownedByGroup') return true;
  try {
    const group = getAvailableCoValue(node, header.ruleset.group)?.getCurrentContent();
    return group instanceof RawGroup && group.roleOfInternal(authorOf(sessionID) as never) === 'admin';
  } catch {
    // The group can hold anything.
    return false;
  }
}
