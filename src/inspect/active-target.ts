import type { Readable } from '../base/readable.ts';
import { activeSession } from '../session/active-session.ts';
import type { Session } from '../session/session.ts';

/** The session now active in this page, for a panel that was given no target. */
export function inspectActive(): Readable<Session | undefined> {
  return activeSession;
}
