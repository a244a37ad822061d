import type { Database } from '../../database/database.ts';
import { lackingMark, parametersOf, setMark, type MarkAdvance } from '../../database/relay-mark.ts';
import { isDeleteSession, sessionsOf } from '../../../engine/content.ts';
import type { RecentSessions } from './recent-sessions.ts';
import type { StoreRequest } from './write-batch.ts';
import { createWritePlan, type SessionRow, type WritePlan } from './write-plan.ts';
import { columns, logOf, sessionColumns, signatureColumns, transactionColumns } from './write-rows.ts';

/** Writes that only append to rows known from earlier commits. */
export interface AppendPlan {
  /** The rows that the database is expected to have. */
  readonly before: readonly SessionRow[];
  readonly plan: WritePlan;
}

/** Undefined if the database must be read first: for an unknown session, an overlap, a gap, a header or a deletion. */
export function planAppend(
  requests: readonly Pick<StoreRequest, 'content' | 'payer'>[],
  recent: RecentSessions,
): AppendPlan | undefined {
  const plan = createWritePlan();
  const before = new Set<SessionRow>();
  for (const { content, payer } of requests) {
    if (content.header) return undefined;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
      const row = recent.get({ id: content.id, sessionID });
      if (!row || isDeleteSession(sessionID) || newTransactions.length === 0) return undefined;
      plan.learn(row);
      if (plan.knownSessions(content.id)[sessionID] !== after) return undefined;
      before.add(row);
    }
    plan.add(content, payer);
  }
  return { before: [...before], plan };
}

/**
 * Resolves with false, having written nothing, if the rows in the database differ from those expected.
 * Locks the CoValues like every writer; the lock on the sessions then sees rows committed during the wait. The log and, if there
 * is one, the mark are part of the same statement, and cost no round trip.
 */
export async function appendRows(
  { write, lockMs = 0 }: Pick<Database, 'write' | 'lockMs'>,
  { before, plan }: AppendPlan,
  mark: MarkAdvance | undefined,
): Promise<boolean> {
  if (before.length === 0) return true;
  const [answer] = await write<{ isWritten: boolean; isMarked?: boolean }>(mark ? appendMarked : append, [
    ...columns(
      before.map((row) => [row.covalueID, row.sessionID, row.lastIdx]),
      3,
    ),
    ...transactionColumns(plan),
    ...signatureColumns(plan),
    ...sessionColumns(plan),
    ...(mark ? [...parametersOf(mark), `${lockMs}ms`] : []),
  ]);
  if (answer?.isMarked === false) throw lackingMark();
  return answer?.isWritten === true;
}

const added = `(
  select rows.* from unnest($4::text[], $5::text[], $6::int4[]) as rows (covalue_id, session_id, idx), answer
  where "isWritten" and "isMarked"
) as added`;

const append = appendStatement({ waits: '', marked: '', isMarked: 'true' });

const appendMarked = appendStatement({
  // Before the first lock, and until the end of the statement.
  waits: ` cross join (select set_config('lock_timeout', $21, true)) as waits`,
  marked: `, marked as (${setMark(17)})`,
  isMarked: 'exists (select from marked)',
});

function appendStatement({
  waits,
  marked,
  isMarked,
}: Readonly<Record<'waits' | 'marked' | 'isMarked', string>>) {
  return `with locked as (
    select id from relay.covalues${waits} where id = any($1::text[]) order by id for update of covalues
  ), expected as (
    select * from unnest($1::text[], $2::text[], $3::int4[]) as expected (covalue_id, session_id, last_idx)
  ), found as (
    select sessions.covalue_id from expected
    join locked on locked.id = expected.covalue_id
    join relay.sessions on sessions.covalue_id = expected.covalue_id and sessions.session_id = expected.session_id
    where sessions.last_idx = expected.last_idx for update of sessions
  )${marked}, answer as (
    select count(*) = cardinality($1::text[]) as "isWritten", ${isMarked} as "isMarked" from found
  ), new_transactions as (
    insert into relay.transactions (covalue_id, session_id, idx, tx)
    select rows.* from unnest($4::text[], $5::text[], $6::int4[], $7::text[]) as rows, answer
    where "isWritten" and "isMarked"
  ), new_signatures as (
    insert into relay.signatures (covalue_id, session_id, idx, signature)
    select rows.* from unnest($8::text[], $9::text[], $10::int4[], $11::text[]) as rows, answer
    where "isWritten" and "isMarked"
  ), new_sessions as (
    update relay.sessions set
      last_idx = rows.last_idx, last_signature = rows.signature, bytes_since_signature = rows.bytes
    from unnest($12::text[], $13::text[], $14::int4[], $15::text[], $16::int4[])
      as rows (covalue_id, session_id, last_idx, signature, bytes), answer
    where "isWritten" and "isMarked"
      and sessions.covalue_id = rows.covalue_id and sessions.session_id = rows.session_id
  ), ${logOf(added)}
  select "isWritten", "isMarked" from answer`;
}
