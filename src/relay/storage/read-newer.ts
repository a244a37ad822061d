import type {
  Content,
  CoValueHeader,
  KnownState,
  RawCoID,
  SessionID,
  Signature,
} from '../../engine/content.ts';
import type { Database, Query } from '../database/database.ts';
import { createBatchReader } from './batch-reader.ts';
import { newerPieces, type ReadMore } from './content-pieces.ts';
import { readTransactions, sessionsPerRead, type NewerSession, type NewerSessions } from './read-rows.ts';

/** Each may have `sessionsPerRead` sessions of about 100 kB. */
const coValuesPerRead = 20;

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

/**
 * Reads what is stored beyond the known states, in one snapshot, of at most `maxSessions` sessions of each CoValue. CoValues
 * without newer content are omitted.
 */
export async function readNewer(
  query: Query,
  states: readonly KnownState[],
  maxSessions?: number,
): Promise<ReadonlyMap<RawCoID, NewerSessions>> {
  const counts = states.flatMap(({ id, sessions }) =>
    Object.entries(sessions).map(([session, count]) => ({ id, session, count })),
  );
  const rows = await query<Row>(
    `with known as (
       select * from unnest($2::text[], $3::text[], $4::int4[]) as known (covalue_id, session_id, count)
     ), newer as (
       select * from (
         select covalue_id, session_id, coalesce(count, 0) as after, last_idx, last_signature,
           row_number() over (partition by covalue_id order by session_id) as place
         from relay.sessions left join known using (covalue_id, session_id)
         where covalue_id = any($1::text[]) and last_idx > coalesce(count, 0)
       ) as all_newer where place <= $5
     ), cuts as (
       select covalue_id, session_id, idx, signature
       from relay.signatures join newer using (covalue_id, session_id) where idx >= after
     )
     select 1 as kind, covalue_id as id, session_id as session, after, last_idx as idx, last_signature as body
     from newer
     union all
     select 2, covalue_id, session_id, 0, idx, signature from cuts
     union all
     select 3, covalue_id, session_id, 0, idx, tx
     from relay.transactions join newer using (covalue_id, session_id) where idx >= after
       and (covalue_id, session_id) not in (select covalue_id, session_id from cuts)
     order by kind, id, session, idx`,
    [
      states.map(({ id }) => id),
      counts.map(({ id }) => id),
      counts.map(({ session }) => session),
      counts.map(({ count }) => count),
      maxSessions ?? Number.MAX_SAFE_INTEGER,
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

/** What is stored of one CoValue beyond a known state, a part of it at a time. */
export interface NewerContent {
  readonly header: CoValueHeader;
  readonly sessions: NewerSessions;
  readonly isPartial: boolean;
}

/** Reads in batches. Undefined if the CoValue is not stored. */
export type ReadNewerOf = (known: KnownState) => Promise<NewerContent | undefined>;

export function createNewerReader(query: Query): ReadNewerOf {
  /** What all readers of the next batch know. */
  const known = new Map<string, KnownState>();
  const reader = createBatchReader<NewerContent>(async (ids) => {
    const states = ids.flatMap((id) => known.get(id) ?? []);
    for (const id of ids) known.delete(id);
    const [newer, headers] = await Promise.all([
      readNewer(query, states, sessionsPerRead),
      query<{ id: RawCoID; header: string }>(
        `select id, header from relay.covalues where id = any($1::text[])`,
        [ids],
      ),
    ]);
    return new Map(
      headers.map(({ id, header }) => {
        const sessions: NewerSessions = newer.get(id) ?? new Map();
        const isPartial = sessions.size === sessionsPerRead;
        return [id, { header: JSON.parse(header) as CoValueHeader, sessions, isPartial }];
      }),
    );
  }, coValuesPerRead);

  return async (state) => {
    const { id } = state;
    const other = known.get(id);
    known.set(id, other ? knownToBoth(other, state) : state);
    const found = await reader.read(id);
    if (!found) return undefined;
    const sessions = new Map(
      [...found.sessions].filter(([sessionID, { lastIdx }]) => lastIdx > (state.sessions[sessionID] ?? 0)),
    );
    return { ...found, sessions };
  };
}

function knownToBoth(one: KnownState, other: KnownState): KnownState {
  const sessions: KnownState['sessions'] = {};
  for (const [sessionID, count] of sessionsOfState(one))
    sessions[sessionID] = Math.min(count, other.sessions[sessionID] ?? 0);
  return { ...one, sessions };
}

const sessionsOfState = ({ sessions }: KnownState) => Object.entries(sessions) as [SessionID, number][];

function countsOf(sessions: NewerSessions): KnownState['sessions'] {
  return Object.fromEntries([...sessions].map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]));
}
