import type { PGliteDatabase } from '../pglite-database.ts';

type Database = Pick<PGliteDatabase, 'query' | 'maintain'>;

/** Smaller tables are as fast with their dead rows. */
const minRows = 1_000;

/** The table with the most dead rows beyond this share of its rows. The name is quoted. */
export async function findStaleTable(
  { query }: Pick<Database, 'query'>,
  share: number,
): Promise<string | undefined> {
  const [row] = await query<{ name: string }>(
    `select format('%I.%I', s.schemaname, s.relname) as name
     from pg_stat_user_tables s join pg_class c on c.oid = s.relid
     where n_dead_tup > $1 and n_dead_tup > $2 * greatest(n_live_tup + n_dead_tup, c.reltuples)
     order by n_dead_tup desc limit 1`,
    [minRows, share],
  );
  return row?.name;
}

/** Frees the dead rows of a table for reuse, and tells the planner how many rows it has. */
export function vacuumTable({ maintain }: Pick<Database, 'maintain'>, name: string): Promise<void> {
  return maintain(`vacuum (analyze) ${name}`);
}

/** PostgreSQL counts transactions with 32 bits, and stops before rows that are not frozen become that old. */
export async function transactionAge({ query }: Pick<Database, 'query'>): Promise<number> {
  const [row] = await query<{ age: number }>(`select max(age(datfrozenxid))::float8 as age from pg_database`);
  return row?.age ?? 0;
}

export async function freezeAll({ query, maintain }: Database): Promise<void> {
  // The templates count, too. initdb froze all their rows, and nothing connects to them.
  await query(
    `update pg_database set datfrozenxid = pg_current_xact_id()::xid where datname <> current_database()`,
  );
  await maintain('vacuum (freeze)');
}
