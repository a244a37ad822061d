import type { Query } from '../database/database.ts';
import { isDeleteSession, sessionsOf, type Content } from '../../engine/content.ts';
import type { RecentSessions } from './recent-sessions.ts';
import { createWritePlan, type SessionRow, type WritePlan } from './write-plan.ts';
import { columns, sessionColumns, signatureColumns, transactionColumns } from './write-rows.ts';

/** Writes that only append to rows known from earlier commits. */
export interface AppendPlan {
  /** The rows that the database is expected to have. */
  readonly before: readonly SessionRow[];
  readonly plan: WritePlan;
}

/** Undefined if the database must be read first: for an unknown session, an overlap, a gap, a header or a deletion. */
export function planAppend(contents: readonly Content[], recent: RecentSessions): AppendPlan | undefined {
  const plan = createWritePlan();
  const before = new Set<SessionRow>();
  for (const content of contents) {
    if (content.header) return undefined;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
      const row = recent.get({ id: content.id, sessionID });
      if (!row || isDeleteSession(sessionID) || newTransactions.length === 0) return undefined;
      plan.learn(row);
      if (plan.knownSessions(content.id)[sessionID] !== after) return undefined;
      before.add(row);
    }
    plan.add(content);
  }
  return { before: [...before], plan };
}

/**
 * Resolves with false, having written nothing, if the rows in the database differ from those expected.
 * Locks the CoValues like every writer; the lock on the sessions then sees rows committed during the wait.
 */
export async function appendRows(query: Query, { before, plan }: AppendPlan): Promise<boolean> {
  if (before.length === 0) return true;
  const [answer] = await query<{ isWritten: boolean }>(
    `with locked as (
       select id from covalues where id = any($1::text[]) order by id for update
     ), expected as (
       select * from unnest($1::text[], $2::text[], $3::int4[]) as expected (covalue_id, session_id, last_idx)
     ), found as (
       select sessions.covalue_id from expected
       join locked on locked.id = expected.covalue_id
       join sessions on sessions.covalue_id = expected.covalue_id and sessions.session_id = expected.session_id
       where sessions.last_idx = expected.last_idx for update of sessions
     ), answer as (
       select count(*) = cardinality($1::text[]) as "isWritten" from found
     ), new_transactions as (
       insert into transactions (covalue_id, session_id, idx, tx)
       select rows.* from unnest($4::text[], $5::text[], $6::int4[], $7::text[]) as rows, answer where "isWritten"
     ), new_signatures as (
       insert into signatures (covalue_id, session_id, idx, signature)
       select rows.* from unnest($8::text[], $9::text[], $10::int4[], $11::text[]) as rows, answer where "isWritten"
     ), new_sessions as (
       update sessions set
         last_idx = rows.last_idx, last_signature = rows.signature, bytes_since_signature = rows.bytes
       from unnest($12::text[], $13::text[], $14::int4[], $15::text[], $16::int4[])
         as rows (covalue_id, session_id, last_idx, signature, bytes), answer
       where "isWritten" and sessions.covalue_id = rows.covalue_id and sessions.session_id = rows.session_id
     )
     select "isWritten" from answer`,
    [
      ...columns(
        before.map((row) => [row.covalueID, row.sessionID, row.lastIdx]),
        3,
      ),
      ...transactionColumns(plan),
      ...signatureColumns(plan),
      ...sessionColumns(plan),
    ],
  );
  return answer?.isWritten === true;
}
