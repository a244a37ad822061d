import type { RawCoID } from 'cojson';
import { dependedOn } from '../../engine/covalue-access.ts';
import { sessionsOf, type Content, type CoValueHeader } from '../../engine/content.ts';

/** Whether what this session names in a group counts as missing. */
export type MayName = (id: string, header: CoValueHeader, sessionID: string) => boolean;

/** Without a header, only the authors are known to be dependencies, as in cojson. Of a group, only they are required. */
export function requiredOf(message: Content, header: CoValueHeader | undefined): readonly RawCoID[] {
  const known = header && header.ruleset.type !== 'group' ? header : authorsOnly;
  return dependedOn(known, message);
}

/** The members and parents that trusted authors name in a group. */
export function namedIn(
  message: Content,
  header: CoValueHeader | undefined,
  mayName: MayName,
): readonly RawCoID[] {
  if (header?.ruleset.type !== 'group') return [];
  const trusted = sessionsOf(message).filter(([sessionID]) => mayName(message.id, header, sessionID));
  const named = { ...message, new: Object.fromEntries(trusted) };
  return dependedOn(header, named).filter((id) => id !== message.id);
}

const authorsOnly: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
