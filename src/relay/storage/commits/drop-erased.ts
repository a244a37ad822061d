import { authorOf, sessionsOf, type Content, type RawCoID } from '../../../engine/content.ts';
import { namedInHeader } from '../../database/guard/erasure-guard.ts';

/** A CoValue of which a batch may not store everything. */
export interface Dropped {
  readonly id: RawCoID;
  /** The CoValue is not stored at all. */
  readonly isGone: boolean;
}

/**
 * Leaves out what was erased, as the trigger sees it, and CoValues that would have a header alone. Undefined if nothing is left.
 */
export function dropErased(
  content: Content,
  isErased: (id: string) => boolean,
  isStored: boolean,
): { readonly kept: Content | undefined; readonly dropped: Dropped | undefined } {
  const { id, header } = content;
  const isNew = header !== undefined && !isStored;
  const isAllErased = (isNew ? namedInHeader(id, header) : [id]).some(isErased);
  const isOfErased = (sessionID: string) => sessionID.startsWith('co_') && isErased(authorOf(sessionID));
  const sessions = sessionsOf(content);
  const kept = isAllErased ? [] : sessions.filter(([sessionID]) => !isOfErased(sessionID));
  if (!isAllErased && kept.length === sessions.length) return { kept: content, dropped: undefined };
  return {
    kept: kept.length > 0 ? { ...content, new: Object.fromEntries(kept) } : undefined,
    dropped: { id, isGone: isAllErased || (isNew && kept.length === 0) },
  };
}
