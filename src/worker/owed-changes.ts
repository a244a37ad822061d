import type { Content, SessionID } from '../engine/content.ts';
import type { OwedContent, OwedSession, Run } from '../storage/owed-content.ts';
import { isRecord } from '../base/record.ts';

/** The part of the owed content that has yet to be pushed to one relay. */
export interface OwedChanges {
  /** The next changes to push, at most so many bytes unless the first alone is larger. Empty once nothing is left. */
  next(maxBytes: number): readonly Content[];
  /** The relay has stored these. */
  stored(changes: readonly Content[]): void;
  /** Leaves these CoValues to the next tab. */
  drop(ids: readonly string[]): void;
  /** Leaves these sessions to the next tab, and a header that would come with them. */
  dropSessions(sessions: readonly SessionName[]): void;
  /** Goes on from what the relay has. Returns false if it lacks what it had confirmed, or had this before. */
  goBack(id: string, sessionID: string, have: number): boolean;
}

const maxChanges = 1_000;
/** That of most content. It only orders what a connection sends. */
const priority = 3;

export function createOwedChanges(owed: readonly OwedContent[]): OwedChanges {
  /** How much of each session the relay is taken to have. */
  const positions = new Map<string, number>();
  const wentBack = new Set<string>();
  const withHeader = new Set(owed.flatMap(({ id, header }) => (header ? id : [])));
  const dropped = new Set<string>();
  const droppedSessions = new Set<string>();
  const sessionOf = (id: string, sessionID: string) =>
    owed.find((content) => content.id === id)?.sessions.find((session) => session.sessionID === sessionID);
  for (const { id, header, sessions } of owed)
    for (const session of sessions)
      positions.set(keyOf(id, session.sessionID), beginningOf(session, !header));

  function* changes(): Generator<Content> {
    for (const content of owed) {
      const { id, header, sessions } = content;
      if (dropped.has(id)) continue;
      let isFirst = withHeader.has(id);
      const taken = sessions.filter(({ sessionID }) => !droppedSessions.has(keyOf(id, sessionID)));
      for (const { sessionID, runs } of taken) {
        for (const run of runsAfter(runs, positions.get(keyOf(id, sessionID)) ?? 0)) {
          yield changeOf(id, sessionID, run, isFirst ? header : undefined);
          isFirst = false;
        }
      }
      if (isFirst && header && taken.length === sessions.length)
        yield { action: 'content', id, header, priority, new: {} };
    }
  }

  return {
    next(maxBytes) {
      const some: Content[] = [];
      let bytes = 0;
      for (const change of changes()) {
        bytes += JSON.stringify(change).length;
        if (some.length > 0 && (bytes > maxBytes || some.length === maxChanges)) break;
        some.push(change);
      }
      return some;
    },
    stored(some) {
      for (const { id, header, new: sessions } of some) {
        if (header) withHeader.delete(id);
        for (const [sessionID, { after, newTransactions }] of Object.entries(sessions))
          positions.set(keyOf(id, sessionID), after + newTransactions.length);
      }
    },
    drop(ids) {
      for (const id of ids) dropped.add(id);
    },
    dropSessions(some) {
      for (const { id, sessionID } of some) droppedSessions.add(keyOf(id, sessionID));
    },
    goBack(id, sessionID, have) {
      const key = keyOf(id, sessionID);
      const session = sessionOf(id, sessionID);
      if (!session || have < session.confirmed || wentBack.has(key)) return false;
      wentBack.add(key);
      positions.set(key, have);
      return true;
    },
  };
}

/** Most of a long session was settled long ago, which the ledger forgets. If the relay lacks more, its answer names it. */
function beginningOf({ confirmed, runs }: OwedSession, hasCoValue: boolean): number {
  return hasCoValue ? Math.max(confirmed, runs.at(-1)?.after ?? 0) : confirmed;
}

function runsAfter(runs: readonly Run[], from: number): readonly Run[] {
  return runs
    .filter(({ after, transactions }) => after + transactions.length > from)
    .map((run) =>
      run.after < from
        ? { ...run, after: from, transactions: run.transactions.slice(from - run.after) }
        : run,
    );
}

function changeOf(
  id: Content['id'],
  sessionID: SessionID,
  { after, transactions, signature }: Run,
  header: Content['header'],
): Content {
  const session = { after, newTransactions: [...transactions], lastSignature: signature };
  return { action: 'content', id, ...(header && { header }), priority, new: { [sessionID]: session } };
}

const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;

/** A session in a relay's answer. */
export interface SessionName {
  readonly id: string;
  readonly sessionID: string;
}

/** A conflict in a relay's answer. */
export interface Conflict extends SessionName {
  readonly have: number;
  readonly why: string;
}

export function isSessionName(value: unknown): value is SessionName {
  return isRecord(value) && typeof value.id === 'string' && typeof value.sessionID === 'string';
}

export function isConflict(value: unknown): value is Conflict {
  if (!isRecord(value)) return false;
  const { have, why } = value;
  return isSessionName(value) && typeof why === 'string' && Number.isSafeInteger(have);
}
