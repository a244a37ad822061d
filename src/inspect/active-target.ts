import type { Readable } from '../base/readable.ts';
import { activeSession } from '../session/active-session.ts';
import type { Session } from '../session/session.ts';

/** The page's active session, for a panel created without a target. */
export function inspectActive(): Readable<Session | undefined> {
  return activeSession;
}
