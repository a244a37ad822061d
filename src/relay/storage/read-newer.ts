import type {
  Content,
  CoValueHeader,
  KnownState,
  RawCoID,
  SessionID,
  Signature,
} from '../../engine/content.ts';
import type { Database, Query } from '../database/database.ts';
import { newerPieces, type ReadMore } from './content-pieces.ts';
import { readTransactions, type NewerSession, type NewerSessions } from './read-rows.ts';

export interface KnownCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}

/** Hands out the content stored beyond the known states, from one read for all CoValues. Rejects if the read fails. */
export type LoadNewer = (
  known: readonly KnownCoValue[],
  handOut: (content: Content) => void,
) => Promise<void>;

interface MutableNewerSession extends NewerSession {
  transactions: string;
}

interface Row {
  readonly kind: number;
  readonly id: RawCoID;
  readonly session: SessionID;
  readonly after: number;
  readonly idx: number;
  readonly body: string;
}

/** Reads what is stored beyond the known states, in one snapshot. CoValues without newer content are omitted. */
export async function readNewer(
  query: Query,
  states: readonly KnownState[],
): Promise<ReadonlyMap<RawCoID, NewerSessions>> {
  const counts = states.flatMap(({ id, sessions }) =>
    Object.entries(sessions).map(([session, count]) => ({ id, session, count })),
  );
  const rows = await query<Row>(
    `with known as (
       select * from unnest($2::text[], $3::text[], $4::int4[]) as known (covalue_id, session_id, count)
     ), newer as (
       select covalue_id, session_id, coalesce(count, 0) as after, last_idx, last_signature
       from sessions left join known using (covalue_id, session_id)
       where covalue_id = any($1::text[]) and last_idx > coalesce(count, 0)
     ), cuts as (
       select covalue_id, session_id, idx, signature
       from signatures join newer using (covalue_id, session_id) where idx >= after
     )
     select 1 as kind, covalue_id as id, session_id as session, after, last_idx as idx, last_signature as body
     from newer
     union all
     select 2, covalue_id, session_id, 0, idx, signature from cuts
     union all
     select 3, covalue_id, session_id, 0, idx, tx
     from transactions join newer using (covalue_id, session_id) where idx >= after
       and (covalue_id, session_id) not in (select covalue_id, session_id from cuts)
     order by kind, id, session, idx`,
    [
      states.map(({ id }) => id),
      counts.map(({ id }) => id),
      counts.map(({ session }) => session),
      counts.map(({ count }) => count),
    ],
  );
  const found = new Map<RawCoID, Map<SessionID, MutableNewerSession>>();
  for (const { kind, id, session, after, idx, body } of rows) {
    const sessions = found.get(id) ?? new Map<SessionID, MutableNewerSession>();
    found.set(id, sessions);
    const newer = sessions.get(session);
    if (kind === 1) {
      const lastSignature = body as Signature;
      sessions.set(session, { after, lastIdx: idx, lastSignature, signatures: [], transactions: '' });
    } else if (kind === 2) newer?.signatures.push({ idx, signature: body as Signature });
    else if (newer) newer.transactions += newer.transactions === '' ? body : `,${body}`;
  }
  return found;
}

/** See `createContentLoader` for the parameters. */
export function createNewerLoader(
  database: Database,
  loaded: (state: KnownState) => void,
  beginRead: () => () => void,
): LoadNewer {
  const readMore: Pick<ReadMore, 'transactions'> = {
    transactions: (...range) => readTransactions(database.query, ...range),
  };

  return async (known, handOut) => {
    const check = beginRead();
    const newer = await readNewer(
      database.query,
      known.map(({ state }) => state),
    );
    for (const { header, state } of known) {
      const sessions = newer.get(state.id);
      if (!sessions) continue;
      for await (const piece of newerPieces(state.id, header, sessions, readMore)) {
        check();
        handOut(piece);
      }
      check();
      loaded({ id: state.id, header: true, sessions: countsOf(sessions) });
    }
  };
}

function countsOf(sessions: NewerSessions): KnownState['sessions'] {
  return Object.fromEntries([...sessions].map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]));
}
