import type { Query } from '../database/database.ts';

export interface OwnedRow {
  readonly id: string;
  readonly owner: string | null;
}

const idsPerRead = 1_000;

/** Leaves out what is not stored. */
export async function readOwners(query: Query, ids: readonly string[]): Promise<readonly OwnedRow[]> {
  return readParts<OwnedRow>(query, ids, `select id, owner from relay.covalues where id = any($1::text[])`);
}

/** How many transactions each has. */
export async function readTotals(query: Query, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await readParts<{ id: string; total: number }>(
    query,
    ids,
    `select covalue_id as id, sum(last_idx)::float8 as total from relay.sessions
     where covalue_id = any($1::text[]) group by covalue_id`,
  );
  return new Map(rows.map(({ id, total }) => [id, total]));
}

async function readParts<Row>(query: Query, ids: readonly string[], sql: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let place = 0; place < ids.length; place += idsPerRead)
    rows.push(...(await query<Row>(sql, [ids.slice(place, place + idsPerRead)])));
  return rows;
}
