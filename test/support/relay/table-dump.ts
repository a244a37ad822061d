import type { Query } from '../../../src/relay/database/database.ts';

/** All rows of all tables in all schemas that are not PostgreSQL's own, as text. */
export async function dumpTables(query: Query): Promise<string> {
  const tables = await query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const dumps: string[] = [];
  for (const { name } of tables) {
    const rows = await query<{ row: string }>(`select one::text as row from ${name} as one`);
    dumps.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return dumps.join('\n');
}
