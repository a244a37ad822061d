import type { Query } from '../database/database.ts';
import type { KnownState, RawCoID, SessionID, Signature } from '../../engine/content.ts';

/** A consistent snapshot of a stored CoValue, with JSON as text. */
export interface Snapshot {
  readonly id: RawCoID;
  readonly header: string;
  readonly sessions: ReadonlyMap<SessionID, SessionSnapshot>;
}

export interface SessionSnapshot {
  readonly lastIdx: number;
  readonly lastSignature: Signature;
  /** Signatures stored within the session, in ascending order. If there are any, the transactions are read in pieces. */
  readonly signatures: { readonly idx: number; readonly signature: Signature }[];
  /**
   * All transactions of a session without such signatures: the text between the brackets of a JSON array. Undefined for
   * sessions beyond what is read at once.
   */
  readonly transactions?: string;
}

/** The part of a session stored beyond a known state. */
export interface NewerSession extends SessionSnapshot {
  readonly transactions: string;
  /** The number of transactions known before. */
  readonly after: number;
}

/** How many sessions are read at once: without signatures within, each has up to about 100 kB. */
export const sessionsPerRead = 20;
/** What is read of further sessions than the first of each CoValue, in all that are read at once. */
const furtherBytesPerRead = 2_000_000;

export type NewerSessions = ReadonlyMap<SessionID, NewerSession>;

interface Row {
  readonly id: RawCoID;
  readonly header: string;
  readonly session: SessionID | null;
  readonly lastIdx: number;
  readonly lastSignature: Signature;
  readonly signatures: string | null;
  readonly transactions: string | null;
}

/**
 * One statement, and thus one snapshot. Returns one row per session, because rows and fields cost more than bytes do. With
 * `only`, reads of CoValues other than groups and accounts no sessions but these and deletions.
 */
export async function readSnapshots(
  query: Query,
  ids: readonly string[],
  only?: readonly string[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const rows = await query<Row>(
    only ? snapshotStatement(touched) : snapshotStatement(''),
    only ? [ids, only] : [ids],
  );
  const snapshots = new Map<string, MutableSnapshot>();
  for (const { id, header, session, lastIdx, lastSignature, signatures, transactions } of rows) {
    let snapshot = snapshots.get(id);
    if (!snapshot) snapshots.set(id, (snapshot = { id, header, sessions: new Map() }));
    if (session === null) continue;
    snapshot.sessions.set(session, {
      lastIdx,
      lastSignature,
      signatures: signatures === null ? [] : (JSON.parse(signatures) as SessionSnapshot['signatures']),
      ...(transactions !== null && { transactions }),
    });
  }
  return snapshots;
}

/** The header of a group or account always has this text; that of another CoValue rarely. */
const touched = ` and (
          session_id = any($2::text[]) or right(session_id, 1) = '$'
          or exists (select from relay.covalues where id = covalue_id and header like '%"type":"group"%')
        )`;

function snapshotStatement(filter: string): string {
  return `select id, header, session_id as session, last_idx as "lastIdx", last_signature as "lastSignature",
     signatures, whole.transactions
   from relay.covalues left join (
     select *, place = 1 or
       place <= ${sessionsPerRead} and sum(length) over (order by covalue_id, session_id) <= ${furtherBytesPerRead} as is_read
     from (
       select *, row_number() over (partition by covalue_id order by session_id) as place
       from relay.sessions where covalue_id = any($1::text[])${filter}
     ) as placed
     left join lateral (
       select json_agg(json_build_object('idx', idx, 'signature', signature) order by idx)::text as signatures
       from relay.signatures
       where signatures.covalue_id = placed.covalue_id and signatures.session_id = placed.session_id
     ) as cuts on true
     left join lateral (
       select coalesce(sum(octet_length(tx)), 0) as length from relay.transactions
       where place between 2 and ${sessionsPerRead} and signatures is null
         and transactions.covalue_id = placed.covalue_id and transactions.session_id = placed.session_id
     ) as measured on true
   ) as sessions on sessions.covalue_id = id
   left join lateral (
     select string_agg(tx, ',' order by idx) as transactions from relay.transactions
     where is_read and signatures is null
       and transactions.covalue_id = sessions.covalue_id and transactions.session_id = sessions.session_id
   ) as whole on true
   where id = any($1::text[]) order by id, session_id`;
}

interface MutableSnapshot extends Snapshot {
  readonly sessions: Map<SessionID, SessionSnapshot>;
}

/** Reads the beginnings of sessions, up to these counts, each as the text between the brackets of a JSON array. */
export async function readSessions(
  query: Query,
  id: RawCoID,
  counts: ReadonlyMap<SessionID, number>,
): Promise<ReadonlyMap<SessionID, string>> {
  const rows = await query<{ session: SessionID; transactions: string }>(
    `select session_id as session, string_agg(tx, ',' order by idx) as transactions
     from relay.transactions join unnest($2::text[], $3::int4[]) as wanted (session_id, count) using (session_id)
     where covalue_id = $1 and idx < count group by session_id`,
    [id, [...counts.keys()], [...counts.values()]],
  );
  return new Map(rows.map(({ session, transactions }) => [session, transactions]));
}

/** Reads transactions `from` (inclusive) to `to` (exclusive). */
export async function readTransactions(
  query: Query,
  id: RawCoID,
  session: SessionID,
  from: number,
  to: number,
): Promise<readonly string[]> {
  const rows = await query<{ tx: string }>(
    `select tx from relay.transactions where covalue_id = $1 and session_id = $2 and idx >= $3 and idx < $4 order by idx`,
    [id, session, from, to],
  );
  return rows.map(({ tx }) => tx);
}

export async function readKnownStates(
  query: Query,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownState>> {
  const rows = await query<{ id: RawCoID; session: SessionID | null; count: number }>(
    `select id, session_id as session, last_idx as count
     from relay.covalues left join relay.sessions on covalue_id = id where id = any($1::text[])`,
    [ids],
  );
  const states = new Map<string, KnownState>();
  for (const { id, session, count } of rows) {
    const state = states.get(id) ?? { id, header: true, sessions: {} };
    states.set(id, state);
    if (session !== null) state.sessions[session] = count;
  }
  return states;
}
