import type { Database, Query } from '../database/database.ts';
import { beginLog } from '../database/schema.ts';
import { placeDigestOf } from '../beginnings/beginning-digests.ts';
import type { OwnedRow } from '../storage/read-owners.ts';
import { addHashes, countDeleted, readErasedHashes } from './erasure-rows.ts';
import { hashOf } from './hash-of.ts';

export interface DeleteOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly erasure: { readonly id: string; readonly salt: string };
  /** Lets others work. Rejects to stop. */
  pause(): Promise<void>;
}

const coValuesPerPage = 2_000;
const coValuesPerChunk = 100;
/** Sessions are deleted whole. */
const transactionsPerSlice = 5_000;

interface Doomed {
  readonly id: string;
  readonly keepsHeader: boolean;
}

/**
 * Deletes everything that is stored of the CoValues of one erasure, and of those that they own. It looks at all IDs, because the
 * tables name none that is erased: so it can be begun again at any time, and repeated. Resolves with whether it has found CoValues
 * that were not known to be erased.
 */
export async function deleteErased(options: DeleteOptions): Promise<boolean> {
  const { database, erasure, pause } = options;
  const own = new Map<string, boolean>();
  for (const { hash, keepsHeader } of await readErasedHashes(database.query, erasure.id))
    own.set(hash, keepsHeader);
  let foundNew = false;
  for (let after: string | null = ''; after !== null;) {
    const rows: readonly OwnedRow[] = await database.query<OwnedRow>(
      `select id, owner from relay.covalues where id > $1 order by id limit ${coValuesPerPage}`,
      [after],
    );
    const doomed: Doomed[] = [];
    const news: string[] = [];
    for (const { id, owner } of rows) {
      const keepsHeader = own.get(hashOf(erasure.salt, id));
      if (keepsHeader !== undefined) doomed.push({ id, keepsHeader });
      else if (owner === null) throw new Error('The owners of CoValues are not filled in yet.');
      else if (owner !== id && own.has(hashOf(erasure.salt, owner))) news.push(id);
    }
    if (news.length > 0) {
      foundNew = true;
      const hashes = news.map((id) => ({ hash: hashOf(erasure.salt, id), keepsHeader: false }));
      await database.transaction((query) => addHashes(query, erasure.id, hashes));
      for (const id of news) doomed.push({ id, keepsHeader: false });
    }
    for (let from = 0; from < doomed.length; from += coValuesPerChunk)
      await deleteChunk(doomed.slice(from, from + coValuesPerChunk), options);
    after = rows.length < coValuesPerPage ? null : (rows.at(-1)?.id ?? null);
    await pause();
  }
  return foundNew;
}

async function deleteChunk(doomed: readonly Doomed[], options: DeleteOptions): Promise<void> {
  const { database, erasure, pause } = options;
  const ids = doomed.map(({ id }) => id);
  for (let isLast = false; !isLast;) {
    isLast = await database.transaction(async (query) => {
      // Locks like every writer, those of other relays included.
      await query(`select from relay.covalues where id = any($1::text[]) order by id for update`, [ids]);
      const sessions = await firstSessions(query, ids);
      const deleted = await deleteSessions(query, sessions.slice);
      const coValues = sessions.isAll ? await deleteRest(query, doomed) : { count: 0, bytes: 0 };
      await countDeleted(query, erasure.id, {
        coValues: coValues.count,
        transactions: deleted.count,
        bytes: deleted.bytes + coValues.bytes,
      });
      return sessions.isAll;
    });
    await pause();
  }
}

interface SessionKey {
  readonly id: string;
  readonly sessionID: string;
  readonly count: number;
}

/** As many as fit into a slice, but at least one. */
async function firstSessions(query: Query, ids: readonly string[]) {
  const limit = 1_000;
  const found = await query<SessionKey>(
    `select covalue_id as id, session_id as "sessionID", last_idx as count from relay.sessions
     where covalue_id = any($1::text[]) order by covalue_id, session_id limit ${limit}`,
    [ids],
  );
  const slice: SessionKey[] = [];
  let transactions = 0;
  for (const session of found) {
    if (slice.length > 0 && transactions + session.count > transactionsPerSlice) break;
    slice.push(session);
    transactions += session.count;
  }
  return { slice, isAll: slice.length === found.length && found.length < limit };
}

async function deleteSessions(query: Query, sessions: readonly SessionKey[]) {
  if (sessions.length === 0) return { count: 0, bytes: 0 };
  const keys = [sessions.map(({ id }) => id), sessions.map(({ sessionID }) => sessionID)];
  const these = `using unnest($1::text[], $2::text[]) as these (id, session)
    where covalue_id = these.id and session_id = these.session`;
  await query(`delete from relay.sessions ${these}`, keys);
  await query(`delete from relay.signatures ${these}`, keys);
  const places = sessions.map(({ id, sessionID }) => placeDigestOf(id, sessionID));
  await query(`delete from relay.beginnings where place = any($1::text[])`, [places]);
  const [deleted] = await query<{ count: number; bytes: number }>(
    `with deleted as (delete from relay.transactions ${these} returning octet_length(tx) as bytes)
     select count(*)::float8 as count, coalesce(sum(bytes), 0)::float8 as bytes from deleted`,
    keys,
  );
  return deleted ?? { count: 0, bytes: 0 };
}

async function deleteRest(query: Query, doomed: readonly Doomed[]) {
  const ids = doomed.map(({ id }) => id);
  const gone = doomed.filter(({ keepsHeader }) => !keepsHeader).map(({ id }) => id);
  await query(`delete from relay.deletions where covalue_id = any($1::text[])`, [ids]);
  await query(`delete from relay.changes where covalue_id = any($1::text[])`, [ids]);
  await query(beginLog);
  const [deleted] = await query<{ count: number; bytes: number }>(
    `with deleted as (
       delete from relay.covalues where id = any($1::text[]) returning octet_length(header) as bytes
     )
     select count(*)::int4 as count, coalesce(sum(bytes), 0)::float8 as bytes from deleted`,
    [gone],
  );
  return deleted ?? { count: 0, bytes: 0 };
}
