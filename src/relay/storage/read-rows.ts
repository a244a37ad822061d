import type { Query } from '../database/database.ts';
import type { KnownState, RawCoID, SessionID, Signature } from './content.ts';

/** What the database held of a CoValue at one moment, as text where it is JSON. */
export interface Snapshot {
  readonly id: RawCoID;
  readonly header: string;
  readonly sessions: ReadonlyMap<SessionID, SessionSnapshot>;
}

export interface SessionSnapshot {
  readonly lastIdx: number;
  readonly lastSignature: Signature;
  /** Signatures kept within the session, by rising index. With any, the transactions are to be read in pieces. */
  readonly signatures: { readonly idx: number; readonly signature: Signature }[];
  /** All transactions of a session without signatures in between. */
  readonly transactions: string[];
}

interface Row {
  readonly kind: number;
  readonly id: RawCoID;
  readonly session: SessionID;
  readonly idx: number;
  readonly body: string;
}

/** One statement sees one state of the database, so what it returns belongs together. */
export async function readSnapshots(
  query: Query,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const rows = await query<Row>(
    `select 0 as kind, id, '' as session, 0 as idx, header as body from covalues where id = any($1::text[])
     union all
     select 1, covalue_id, session_id, last_idx, last_signature from sessions where covalue_id = any($1::text[])
     union all
     select 2, covalue_id, session_id, idx, signature from signatures where covalue_id = any($1::text[])
     union all
     select 3, covalue_id, session_id, idx, tx from transactions as t where covalue_id = any($1::text[])
       and not exists (select from signatures as s where s.covalue_id = t.covalue_id and s.session_id = t.session_id)
     order by kind, id, session, idx`,
    [ids],
  );
  const snapshots = new Map<
    string,
    Omit<Snapshot, 'sessions'> & { sessions: Map<SessionID, SessionSnapshot> }
  >();
  for (const { kind, id, session, idx, body } of rows) {
    if (kind === 0) {
      snapshots.set(id, { id, header: body, sessions: new Map() });
      continue;
    }
    const sessions = snapshots.get(id)?.sessions;
    if (kind === 1) {
      sessions?.set(session, {
        lastIdx: idx,
        lastSignature: asSignature(body),
        signatures: [],
        transactions: [],
      });
    } else if (kind === 2) sessions?.get(session)?.signatures.push({ idx, signature: asSignature(body) });
    else sessions?.get(session)?.transactions.push(body);
  }
  return snapshots;
}

/** Transactions `from` up to but not with `to`. */
export async function readTransactions(
  query: Query,
  id: RawCoID,
  session: SessionID,
  from: number,
  to: number,
): Promise<readonly string[]> {
  const rows = await query<{ tx: string }>(
    `select tx from transactions where covalue_id = $1 and session_id = $2 and idx >= $3 and idx < $4 order by idx`,
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
     from covalues left join sessions on covalue_id = id where id = any($1::text[])`,
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

/** Only signatures were ever written there. */
function asSignature(text: string): Signature {
  return text as Signature;
}
