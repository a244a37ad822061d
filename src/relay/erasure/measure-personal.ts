import type { Query } from '../database/database.ts';

const coValuesPerChunk = 100;

/** How much is stored of these CoValues. `bytes`: of the transactions. */
export async function measurePersonal(
  query: Query,
  ids: readonly string[],
  pause: () => Promise<void>,
): Promise<{ coValues: number; transactions: number; bytes: number; headerBytes: number }> {
  const sums = { coValues: 0, transactions: 0, bytes: 0, headerBytes: 0 };
  for (let from = 0; from < ids.length; from += coValuesPerChunk) {
    const [row] = await query<typeof sums>(
      `select count(*)::int4 as "coValues", coalesce(sum(held.count), 0)::float8 as transactions,
         coalesce(sum(held.bytes), 0)::float8 as bytes, coalesce(sum(octet_length(header)), 0)::float8 as "headerBytes"
       from relay.covalues left join (
         select covalue_id, count(*), sum(octet_length(tx)) as bytes from relay.transactions
         where covalue_id = any($1::text[]) group by covalue_id
       ) as held on covalue_id = id
       where id = any($1::text[])`,
      [ids.slice(from, from + coValuesPerChunk)],
    );
    for (const name of ['coValues', 'transactions', 'bytes', 'headerBytes'] as const)
      sums[name] += row?.[name] ?? 0;
    await pause();
  }
  return sums;
}
