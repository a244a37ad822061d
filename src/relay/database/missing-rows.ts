import type { Query } from './database.ts';

const sessionsPerPart = 2_000;
const transactionsPerPart = 20_000;

/**
 * Says which rows are missing, as after a restore without the rows of a table; undefined if none are. Relays write and erase a
 * session together with its transactions, so it always has as many as it counts. A header may have no session. Reads every row
 * in parts, so that no statement takes long.
 */
export async function findMissingRows(query: Query): Promise<string | undefined> {
  const sums = { covalues: 0, sessions: 0, transactions: 0 };
  for (let after: string | undefined = ''; after !== undefined;) {
    const upTo = await endOfPart(query, after);
    const counts = await countIncomplete(query, after, upTo);
    for (const table of tableNames) sums[table] += counts[table];
    after = upTo;
  }
  const lacking = tableNames.filter((table) => sums[table] > 0);
  if (lacking.length === 0) return undefined;
  const named = lacking.map((table) => {
    return `the table ${table} lacks rows of ${sums[table]} CoValue${sums[table] === 1 ? '' : 's'}`;
  });
  return named.join(', and ');
}

type Counts = Record<(typeof tableNames)[number], number>;
const tableNames = ['covalues', 'sessions', 'transactions'] as const;

/** The ID of the last CoValue in the part that begins after an ID; undefined if it has all others. */
async function endOfPart(query: Query, after: string): Promise<string | undefined> {
  const nth = (table: string, count: number) =>
    `(select covalue_id from relay.${table} where covalue_id > $1 order by covalue_id offset ${count - 1} limit 1)`;
  const [found] = await query<{ id: string | null }>(
    `select min(covalue_id) as id from (
       ${nth('sessions', sessionsPerPart)} union all ${nth('transactions', transactionsPerPart)}
       union all ${nth('signatures', sessionsPerPart)}
     ) as ends`,
    [after],
  );
  return found?.id ?? undefined;
}

async function countIncomplete(query: Query, after: string, upTo: string | undefined): Promise<Counts> {
  const part = (id = 'covalue_id') => `where ${id} > $1 ${upTo === undefined ? '' : `and ${id} <= $2`}`;
  const grouped = (table: string) =>
    `select covalue_id, session_id, count(*), max(idx) + 1 as length from relay.${table} ${part()}
     group by covalue_id, session_id`;
  const [counts] = await query<Counts>(
    `with found as (
       select covalue_id, last_idx, coalesce(txs.count, 0) as count, greatest(txs.length, cuts.length) as length
       from (select covalue_id, session_id, last_idx from relay.sessions ${part()}) as counted
       full join (${grouped('transactions')}) as txs using (covalue_id, session_id)
       full join (${grouped('signatures')}) as cuts using (covalue_id, session_id)
     )
     select ${countWhere('id is null')} as covalues,
       ${countWhere('last_idx is null or last_idx < length')} as sessions,
       ${countWhere('count < greatest(last_idx, length)')} as transactions
     from found left join (select id from relay.covalues ${part('id')}) as headers on id = covalue_id`,
    upTo === undefined ? [after] : [after, upTo],
  );
  return counts ?? { covalues: 0, sessions: 0, transactions: 0 };
}

const countWhere = (condition: string) => `count(distinct covalue_id) filter (where ${condition})::int4`;

/** The name of a table that has no row, although another one has rows that belong to its rows. Fast, but finds nothing else. */
export async function findEmptyTable(query: Query): Promise<string | undefined> {
  const has = (rows: string) => `exists (select from relay.${rows})`;
  const [found] = await query<{ empty: string | null }>(
    `select case
       when ${has('sessions')} and not ${has('covalues')} then 'covalues'
       when ${has('transactions')} and not ${has('sessions')} then 'sessions'
       when ${has('sessions where last_idx > 0')} and not ${has('transactions')} then 'transactions'
     end as empty`,
  );
  return found?.empty ?? undefined;
}
