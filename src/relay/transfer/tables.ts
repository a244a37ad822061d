import type { Query } from '../database/database.ts';

type Value = string | number | boolean;
/** The values of a row, in the order of the columns. */
export type Row = readonly Value[];

export interface Table {
  readonly name: string;
  /** The types by name; the first `keys` columns are the primary key. */
  readonly columns: Readonly<Record<string, 'text' | 'int4' | 'float8' | 'boolean'>>;
  readonly keys: number;
  /** The number of rows per read. A transaction may be as large as a megabyte. */
  readonly rowsPerPage: number;
}

/** The tables with user content, with what users have stored, with what operators have set, and with what was erased. No identity and no other internal data is transferred. */
export const tables: readonly Table[] = [
  { name: 'covalues', keys: 1, rowsPerPage: 2_000, columns: { id: 'text', header: 'text' } },
  {
    name: 'sessions',
    keys: 2,
    rowsPerPage: 2_000,
    columns: {
      covalue_id: 'text',
      session_id: 'text',
      last_idx: 'int4',
      last_signature: 'text',
      bytes_since_signature: 'int4',
    },
  },
  {
    name: 'transactions',
    keys: 3,
    rowsPerPage: 200,
    columns: { covalue_id: 'text', session_id: 'text', idx: 'int4', tx: 'text' },
  },
  {
    name: 'signatures',
    keys: 3,
    rowsPerPage: 2_000,
    columns: { covalue_id: 'text', session_id: 'text', idx: 'int4', signature: 'text' },
  },
  { name: 'deletions', keys: 1, rowsPerPage: 2_000, columns: { covalue_id: 'text', erased: 'boolean' } },
  { name: 'beginnings', keys: 1, rowsPerPage: 2_000, columns: { digest: 'text', place: 'text' } },
  {
    name: 'restrictions',
    keys: 2,
    rowsPerPage: 2_000,
    columns: { kind: 'text', id: 'text', reason: 'text', until_ms: 'float8', since_ms: 'float8' },
  },
  {
    name: 'usage',
    keys: 1,
    rowsPerPage: 2_000,
    columns: { principal: 'text', bytes: 'float8', covalues: 'float8' },
  },
  {
    name: 'quotas',
    keys: 2,
    rowsPerPage: 2_000,
    columns: { app: 'text', principal: 'text', bytes: 'float8', covalues: 'float8' },
  },
  {
    name: 'erasures',
    keys: 1,
    rowsPerPage: 2_000,
    columns: {
      id: 'text',
      account_id: 'text',
      keyring: 'text',
      salt: 'text',
      hashes: 'int4',
      state: 'text',
      asked_at_ms: 'float8',
      done_at_ms: 'float8',
      kept: 'text',
      covalues: 'int4',
      transactions: 'float8',
      bytes: 'float8',
    },
  },
  {
    name: 'erased',
    keys: 2,
    rowsPerPage: 2_000,
    columns: { erasure: 'text', hash: 'text', keeps_header: 'boolean' },
  },
  {
    name: 'certificates',
    keys: 1,
    rowsPerPage: 2_000,
    columns: { erasure: 'text', account_id: 'text', done_at_ms: 'float8', signed: 'text' },
  },
];

export function findTable(name: unknown): Table {
  const table = tables.find((known) => known.name === name);
  if (!table) throw new Error('Unknown table.');
  return table;
}

/** Reads rows in key order. */
export async function* readRows(query: Query, table: Table): AsyncGenerator<Row> {
  const { name, columns, keys, rowsPerPage } = table;
  const names = Object.keys(columns);
  const key = names.slice(0, keys);
  const parameters = key.map((column, index) => `$${index + 1}::${columns[column]}`);
  const page = (where: string) =>
    `select ${names.join(', ')} from relay.${name} ${where} order by ${key.join(', ')} limit ${rowsPerPage}`;
  let after: Row = [];
  for (;;) {
    const where = after.length > 0 ? `where (${key.join(', ')}) > (${parameters.join(', ')})` : '';
    const found = await query<Readonly<Record<string, Value>>>(page(where), after);
    const rows = found.map((row) => names.map((column) => row[column] ?? ''));
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < rowsPerPage) return;
    after = last.slice(0, keys);
  }
}

/** Skips rows that already exist. */
export async function insertRows(
  query: Query,
  { name, columns }: Table,
  rows: readonly Row[],
): Promise<void> {
  const arrays = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`);
  await query(
    `insert into relay.${name} (${Object.keys(columns).join(', ')})
     select * from unnest(${arrays.join(', ')}) on conflict do nothing`,
    Object.keys(columns).map((_, index) => rows.map((row) => row[index])),
  );
}

export async function countRows(query: Query): Promise<number> {
  const counts = tables.map(({ name }) => `(select count(*) from relay.${name})`);
  const [found] = await query<{ count: number }>(`select (${counts.join(' + ')})::int4 as count`);
  return found?.count ?? 0;
}
