import type { Query } from '../database/database.ts';
import type { CoValueHeader, KnownState, RawCoID, SessionID } from '../../engine/content.ts';
import { isNew, presentHorizon, type Horizon } from '../database/restores/horizon.ts';
import { createBatchReader } from './batch-reader.ts';

export interface ChangesSince {
  /** Now, for the next reading. Read what has changed after this. It is no longer than `maxHorizonLength`. */
  readHorizon(): Promise<Horizon>;
  /** Whether the log has everything from this horizon on, and whether that is nothing. */
  stateSince(since: Horizon): Promise<{ readonly isKept: boolean; readonly isQuiet: boolean }>;
  /** Of each session of these CoValues, from which index on it has changed. A header alone has the empty session. */
  read(since: Horizon, ids: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>;
  /** Undefined if the CoValue is not stored. Reads in batches. */
  readOutline(id: string): Promise<Outline | undefined>;
}

/** A stored CoValue without its transactions. */
export interface Outline {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}

export function createChangesSince(query: Query): ChangesSince {
  const outlines = createBatchReader((ids) => readOutlines(query, ids));
  return {
    async readHorizon() {
      const [row] = await query<{ horizon: Horizon }>(presentHorizon);
      if (!row) throw new Error('The database has no snapshot.');
      return row.horizon;
    },
    async stateSince(since) {
      const [row] = await query<{ isKept: boolean; isQuiet: boolean }>(
        `select not exists (select from relay.changes where ${isNew}) as "isQuiet",
           pg_snapshot_xmax($1::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
             and (
               select covalue_id = '' or xid < pg_snapshot_xmin($1::pg_snapshot)
               from relay.changes order by xid limit 1
             ) as "isKept"`,
        [since],
      );
      return { isKept: row?.isKept === true, isQuiet: row?.isQuiet === true };
    },
    async read(since, ids) {
      const rows = await query<{ id: string; session: string; after: number }>(
        `select covalue_id as id, session_id as session, min(after) as after from relay.changes
         where ${isNew} and covalue_id = any($2::text[]) group by covalue_id, session_id`,
        [since, ids],
      );
      const changes = new Map<string, Map<string, number>>();
      for (const { id, session, after } of rows) {
        const sessions = changes.get(id) ?? new Map<string, number>();
        changes.set(id, sessions.set(session, after));
      }
      return changes;
    },
    readOutline: (id) => outlines.read(id),
  };
}

async function readOutlines(query: Query, ids: readonly string[]): Promise<ReadonlyMap<string, Outline>> {
  const rows = await query<{ id: RawCoID; header: string; sessions: string | null }>(
    `select id, header, sessions from relay.covalues left join lateral (
       select json_object_agg(session_id, last_idx)::text as sessions from relay.sessions where covalue_id = id
     ) as counts on true where id = any($1::text[])`,
    [ids],
  );
  return new Map(
    rows.map(({ id, header, sessions }) => [
      id,
      {
        header: JSON.parse(header) as CoValueHeader,
        state: {
          id,
          header: true,
          sessions: JSON.parse(sessions ?? '{}') as Record<SessionID, number>,
        },
      },
    ]),
  );
}
