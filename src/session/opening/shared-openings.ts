import { aborted, throwIfAborted } from '../passkeys/ceremony-errors.ts';
import type { Session } from '../session.ts';

/** The sessions of this page that are open and have not begun to close. */
const openHere = new Map<Session, () => boolean>();

/** Lets `openOnce` find a session until the returned function is called, except while it is being signed out. */
export function addOpenSession(session: Session, isLeaving: () => boolean): () => void {
  openHere.set(session, isLeaving);
  return () => void openHere.delete(session);
}

/** The session that this page opened last for the account. */
export function sessionHere(accountID: string): Session | undefined {
  return [...openHere].findLast(
    ([session, isLeaving]) => session.accountID === accountID && !isLeaving(),
  )?.[0];
}

export type Open = (signal: AbortSignal) => Promise<Session | undefined>;

interface Opening {
  readonly session: Promise<Session | undefined>;
  readonly aborting: AbortController;
  callers: number;
}
const openings = new Map<string, Opening>();

/**
 * The account's session in this page, or else the one that is being opened, or else a new one. A caller's signal ends only
 * its own wait; once all callers have left, the opening ends, too.
 */
export async function openOnce(
  accountID: string,
  signal: AbortSignal | undefined,
  open: Open,
): Promise<Session | undefined> {
  throwIfAborted(signal);
  const here = sessionHere(accountID);
  if (here) return here;
  const opening = openings.get(accountID) ?? begin(accountID, open);
  opening.callers++;
  const leaving = new AbortController();
  const left = new Promise<never>((_, reject) => {
    if (!signal) return;
    const leave = () => {
      reject(aborted(signal));
      if (--opening.callers === 0) abandon(accountID, opening);
    };
    signal.addEventListener('abort', leave, { signal: leaving.signal });
  });
  try {
    return await Promise.race([opening.session, left]);
  } finally {
    leaving.abort();
  }
}

function begin(accountID: string, open: Open): Opening {
  const aborting = new AbortController();
  const session = open(aborting.signal).finally(() => forget(accountID, opening));
  const opening: Opening = { session, aborting, callers: 0 };
  openings.set(accountID, opening);
  return opening;
}

function abandon(accountID: string, opening: Opening): void {
  forget(accountID, opening);
  opening.aborting.abort();
  // It rejects if it noticed in time, and no caller is left for a failure to close.
  opening.session.then((session) => session?.close()).catch(() => {});
}

function forget(accountID: string, opening: Opening): void {
  if (openings.get(accountID) === opening) openings.delete(accountID);
}
