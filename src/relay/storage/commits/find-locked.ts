import type { Query } from '../../database/database.ts';

/** Which of these CoValues another transaction locks at this moment. It does not show CoValues that are being created. */
export async function findLocked(query: Query, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await query<{ id: string }>(
    `with free as (
       select id from relay.covalues where id = any($1::text[]) order by id for update skip locked
     )
     select id from relay.covalues where id = any($1::text[]) and id not in (select id from free)`,
    [[...new Set(ids)]],
  );
  return new Set(rows.map(({ id }) => id));
}
