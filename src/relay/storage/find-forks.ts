import { cojsonInternals } from 'cojson';
import type { Query } from '../database/database.ts';
import {
  sessionsOf,
  type Content,
  type RawCoID,
  type SessionID,
  type Transaction,
} from '../../engine/content.ts';
import type { SessionRow } from './commits/write-plan.ts';

/** A session with two conflicting branches, one of which is in the database. */
export interface Fork {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The client that brought it, if it is a copy of what another place has. */
  readonly copiedBy?: string;
}

export function forkKey({ id, sessionID }: Pick<Fork, 'id' | 'sessionID'>): string {
  return `${id} ${sessionID}`;
}

interface Overlap extends Fork {
  readonly after: number;
  readonly until: number;
}

export async function findForks(
  query: Query,
  contents: readonly Content[],
  rows: readonly SessionRow[],
): Promise<readonly Fork[]> {
  const countByKey = new Map(
    rows.map(({ covalueID, sessionID, lastIdx }) => [forkKey({ id: covalueID, sessionID }), lastIdx]),
  );
  const overlaps = contents.flatMap((content) => overlapsOf(content, countByKey));
  if (overlaps.length === 0) return [];
  const stored = await readOverlaps(query, overlaps);
  const forks = new Map<string, Fork>();
  for (const content of contents) {
    for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
      const fork = { id: content.id, sessionID };
      const key = forkKey(fork);
      newTransactions.forEach((transaction, index) => {
        const text = stored.get(`${key} ${after + index}`);
        if (text !== undefined && !isSame(text, transaction)) forks.set(key, fork);
      });
    }
  }
  return [...forks.values()];
}

function overlapsOf(content: Content, countByKey: ReadonlyMap<string, number>): readonly Overlap[] {
  return sessionsOf(content).flatMap(([sessionID, { after, newTransactions }]) => {
    const fork = { id: content.id, sessionID };
    const until = Math.min(countByKey.get(forkKey(fork)) ?? 0, after + newTransactions.length);
    return after < until ? [{ ...fork, after, until }] : [];
  });
}

async function readOverlaps(
  query: Query,
  overlaps: readonly Overlap[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await query<Fork & { readonly idx: number; readonly tx: string }>(
    `select distinct t.covalue_id as id, t.session_id as "sessionID", t.idx, t.tx
     from unnest($1::text[], $2::text[], $3::int4[], $4::int4[]) as wanted (covalue_id, session_id, after, until)
     join relay.transactions as t on t.covalue_id = wanted.covalue_id and t.session_id = wanted.session_id
       and t.idx >= wanted.after and t.idx < wanted.until`,
    [
      overlaps.map(({ id }) => id),
      overlaps.map(({ sessionID }) => sessionID),
      overlaps.map(({ after }) => after),
      overlaps.map(({ until }) => until),
    ],
  );
  return new Map(rows.map((row) => [`${forkKey(row)} ${row.idx}`, row.tx]));
}

/** The key order may differ, depending on how a transaction arrived. */
function isSame(text: string, transaction: Transaction): boolean {
  return (
    text === JSON.stringify(transaction) || isSameTransaction(JSON.parse(text) as Transaction, transaction)
  );
}

/** Compares transactions regardless of key order. */
export function isSameTransaction(one: Transaction, other: Transaction): boolean {
  const { stableStringify } = cojsonInternals;
  return stableStringify(one) === stableStringify(other);
}

/** Returns the content without forked sessions. */
export function withoutForks(content: Content, isForked: (sessionID: SessionID) => boolean): Content {
  const sessions = sessionsOf(content);
  if (!sessions.some(([sessionID]) => isForked(sessionID))) return content;
  return { ...content, new: Object.fromEntries(sessions.filter(([sessionID]) => !isForked(sessionID))) };
}
