import type { Transaction } from '../../engine/content.ts';
import { isForOtherPlace, wrongPlaceOf, type Place, type WrongPlace } from '../../engine/session-place.ts';

/** New transactions of one session. */
export interface PlaceQuestion extends Place {
  readonly added: readonly Transaction[];
  /** Whether the session begins with them. */
  readonly isBeginning: boolean;
  /** Whether a kernel made the author's account. */
  readonly isBound: () => boolean;
}

/**
 * GUARD, G1: cojson's signature names neither the CoValue nor the session, so anyone can replay the beginning of a session
 * elsewhere. It would keep the true author out of that place, or change a group.
 */
export function wrongPlaceIn(question: PlaceQuestion): WrongPlace {
  const { id, sessionID, added, isBeginning, isBound } = question;
  const [first] = added;
  const wrong = first && isBeginning ? wrongPlaceOf(question, first, isBound) : undefined;
  if (wrong !== undefined) return wrong;
  const later = isBeginning ? added.slice(1) : added;
  return later.some((one) => isForOtherPlace(id, sessionID, one)) ? 'other-place' : undefined;
}
