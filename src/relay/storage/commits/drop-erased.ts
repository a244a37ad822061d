import { authorOf, sessionsOf, type Content, type RawCoID } from '../../../engine/content.ts';
import { namedInHeader } from '../../database/guard/erasure-guard.ts';
import type { StoreRequest } from './write-batch.ts';

/** A CoValue of which a batch may not store everything. */
export interface Dropped {
  readonly id: RawCoID;
  /** The CoValue is not stored at all. */
  readonly isGone: boolean;
}

/** The batch without what was erased. `stored`: the CoValues of the batch that have rows. */
export function withoutErased(
  batch: readonly StoreRequest[],
  stored: ReadonlySet<string>,
  isErased: (id: string) => boolean,
): { readonly left: readonly StoreRequest[]; readonly dropped: readonly Dropped[] } {
  const dropped: Dropped[] = [];
  const keep = (content: Content): readonly Content[] => {
    const one = dropErased(content, isErased, stored.has(content.id));
    if (one.dropped) dropped.push(one.dropped);
    return one.kept ? [one.kept] : [];
  };
  const left = batch.flatMap((request): readonly StoreRequest[] => {
    const { correction, ...rest } = request;
    return keep(request.content).map((content) => ({
      ...{ ...rest, content },
      correct: (known) => request.correct(known)?.flatMap(keep),
      ...(correction && { correction: correction.flatMap(keep) }),
    }));
  });
  return { left, dropped };
}

/**
 * Leaves out what was erased, as the trigger sees it, and CoValues that would have a header alone. Undefined if nothing is left.
 */
function dropErased(
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
