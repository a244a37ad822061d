import type { Query } from '../../database/database.ts';
import {
  isDeleteSession,
  ownerOf,
  sessionsOf,
  type Content,
  type KnownState,
  type RawCoID,
} from '../../../engine/content.ts';
import type { SessionRow, WritePlan } from './write-plan.ts';

export interface FoundCoValues {
  /** Were inserted with their headers. */
  readonly added: ReadonlySet<RawCoID>;
  /** Were there already, and are locked until the transaction ends. */
  readonly locked: readonly RawCoID[];
}

/**
 * Inserts the headers that are missing, and locks the other CoValues. Rows are locked in order, so that two relays never deadlock, and
 * before any is inserted: who inserts holds up an erasure, which locks rows first, too. Also writes the log.
 */
export async function insertHeaders(
  query: Query,
  contents: readonly Content[],
  pushedBy?: string,
): Promise<FoundCoValues> {
  const ids = new Set(contents.map(({ id }) => id));
  const headers = new Map<RawCoID, readonly [header: string, owner: string]>();
  for (const { id, header } of contents)
    if (header) headers.set(id, [JSON.stringify(header), ownerOf(id, header)]);
  if (headers.size === 0) return { added: new Set(), locked: await lockCoValues(query, ids) };
  const rows = [...headers].map(([id, row]) => [id, ...row] as const).sort(([a], [b]) => compare(a, b));
  const found = await query<{ id: RawCoID; isNew: boolean }>(
    `with present as (
       select id from relay.covalues where id = any($1::text[]) order by id for update
     ), added as (
       insert into relay.covalues (id, header, owner)
       select * from unnest($2::text[], $3::text[], $4::text[]) as rows (id) where id not in (select id from present)
       on conflict (id) do nothing returning id
     ), logged as (
       insert into relay.changes (covalue_id, session_id, after, count, pushed_by) select id, '', 0, 0, $5::text from added
     )
     select id, true as "isNew" from added union all select id, false from present`,
    [[...ids], ...columns(rows, 3), pushedBy ?? null],
  );
  const seen = new Set(found.map(({ id }) => id));
  const meanwhile = await lockCoValues(query, new Set([...headers.keys()].filter((id) => !seen.has(id))));
  return {
    added: new Set(found.filter(({ isNew }) => isNew).map(({ id }) => id)),
    locked: [...found.filter(({ isNew }) => !isNew).map(({ id }) => id), ...meanwhile],
  };
}

async function lockCoValues(query: Query, ids: ReadonlySet<RawCoID>): Promise<readonly RawCoID[]> {
  if (ids.size === 0) return [];
  const rows = await query<{ id: RawCoID }>(
    `select id from relay.covalues where id = any($1::text[]) order by id for update`,
    [[...ids]],
  );
  return rows.map(({ id }) => id);
}

export async function readSessions(
  query: Query,
  contents: readonly Content[],
): Promise<readonly SessionRow[]> {
  const keys = contents.flatMap(({ id, new: sessions }) =>
    Object.keys(sessions).map((session) => [id, session]),
  );
  if (keys.length === 0) return [];
  return query<SessionRow>(
    `select covalue_id as "covalueID", session_id as "sessionID", last_idx as "lastIdx",
       last_signature as "lastSignature", bytes_since_signature as "bytesSinceSignature"
     from relay.sessions natural join
       (select distinct * from unnest($1::text[], $2::text[]) as wanted (covalue_id, session_id)) as wanted`,
    columns(keys, 2),
  );
}

export async function readKnownSessions(query: Query, id: RawCoID): Promise<KnownState['sessions']> {
  const rows = await query<{ session: string; count: number }>(
    `select session_id as session, last_idx as count from relay.sessions where covalue_id = $1`,
    [id],
  );
  return Object.fromEntries(rows.map(({ session, count }) => [session, count]));
}

/** In one statement, to save round trips to the database. */
export async function insertRows(query: Query, plan: WritePlan, pushedBy?: string): Promise<void> {
  if (plan.changedSessions().length === 0) return;
  await query(
    `with new_transactions as (
       insert into relay.transactions (covalue_id, session_id, idx, tx)
       select * from unnest($1::text[], $2::text[], $3::int4[], $4::text[])
     ), new_signatures as (
       insert into relay.signatures (covalue_id, session_id, idx, signature)
       select * from unnest($5::text[], $6::text[], $7::int4[], $8::text[])
     ), ${logOf('unnest($1::text[], $2::text[], $3::int4[]) as added (covalue_id, session_id, idx)', '$14::text')}
     insert into relay.sessions (covalue_id, session_id, last_idx, last_signature, bytes_since_signature)
     select * from unnest($9::text[], $10::text[], $11::int4[], $12::text[], $13::int4[])
     on conflict (covalue_id, session_id) do update set
       last_idx = excluded.last_idx, last_signature = excluded.last_signature,
       bytes_since_signature = excluded.bytes_since_signature
     where sessions.last_idx < excluded.last_idx`,
    [...transactionColumns(plan), ...signatureColumns(plan), ...sessionColumns(plan), pushedBy ?? null],
  );
}

/** Writes the added transactions of `from` into the log, one row for each session. */
export function logOf(from: string, pushedBy = 'null'): string {
  return `logged as (
    insert into relay.changes (covalue_id, session_id, after, count, pushed_by)
    select covalue_id, session_id, min(idx), count(*), ${pushedBy} from ${from} group by covalue_id, session_id
  )`;
}

/** `payer`: the principal that sent the deletion. */
export async function insertDeletions(
  query: Query,
  all: readonly { readonly content: Content; readonly payer: string | undefined }[],
  isDeletionValid: (id: RawCoID) => boolean,
): Promise<void> {
  const deletions = all.filter(
    ({ content }) => isDeletionValid(content.id) && sessionsOf(content).some(([id]) => isDeleteSession(id)),
  );
  if (deletions.length === 0) return;
  const rows = [...new Map(deletions.map(({ content, payer }) => [content.id, payer ?? null]))];
  await query(
    `insert into relay.deletions (covalue_id, payer)
     select id, case when relay.has_erased(array[payer]) then null else payer end
     from unnest($1::text[], $2::text[]) as deleted (id, payer)
     on conflict (covalue_id) do update set erased = false`,
    columns(rows, 2),
  );
}

export function transactionColumns({ transactions }: WritePlan): unknown[][] {
  const rows = transactions.map((row) => [row.covalueID, row.sessionID, row.idx, row.json]);
  return columns(rows, 4);
}

export function signatureColumns({ signatures }: WritePlan): unknown[][] {
  const rows = signatures.map((row) => [row.covalueID, row.sessionID, row.idx, row.signature]);
  return columns(rows, 4);
}

export function sessionColumns(plan: WritePlan): unknown[][] {
  const rows = plan
    .changedSessions()
    .map((row) => [row.covalueID, row.sessionID, row.lastIdx, row.lastSignature, row.bytesSinceSignature]);
  return columns(rows, 5);
}

/** Transposes rows into the columns that `unnest` takes. */
export function columns(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
