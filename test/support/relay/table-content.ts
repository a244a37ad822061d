import type { Database } from '../../../src/relay/database/database.ts';
import { tables } from '../../../src/relay/transfer/tables.ts';

/** The row count of each table, and a hash that the database computes. */
export async function readTableContent({
  query,
}: Pick<Database, 'query'>): Promise<Readonly<Record<string, { count: number; hash: string | null }>>> {
  const content: Record<string, { count: number; hash: string | null }> = {};
  for (const { name, columns, keys } of tables) {
    const names = Object.keys(columns);
    // Hash each column, so that no separator can be ambiguous.
    const row = names.map((column) => `md5(${column}::text)`).join(' || ');
    const order = names.slice(0, keys).join(', ');
    const [found] = await query<{ count: number; hash: string | null }>(
      `select count(*)::int4 as count, md5(string_agg(${row}, '' order by ${order})) as hash from ${name}`,
    );
    if (found) content[name] = found;
  }
  return content;
}
