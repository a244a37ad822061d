import type { Query } from '../database/database.ts';
import { createSummary, firstLine, lineOf } from '../transfer/export-file.ts';
import { findTable, type Row, type Table } from '../transfer/tables.ts';

type Values = Readonly<Record<string, string | number | boolean>>;

const coValuesPerRead = 100;

/**
 * The lines of an export file with these CoValues alone, which are sorted. No transaction is held open, because a client may read the
 * lines slowly: content that is added meanwhile is left out, by the counts of the sessions that were read first.
 */
export async function* exportPersonal(query: Query, ids: readonly string[]): AsyncGenerator<string> {
  const summary = createSummary();
  /** The sessions of each CoValue, with their counts. */
  const counts = new Map<string, [sessionID: string, count: number][]>();
  yield firstLine;
  for (const [table, rows] of [
    ['covalues', byID(query, 'covalues', 'id', ids)],
    ['sessions', sessions()],
    ['transactions', indexed('transactions')],
    ['signatures', indexed('signatures')],
    ['deletions', byID(query, 'deletions', 'covalue_id', ids)],
  ] as const)
    for await (const row of rows) {
      const line = lineOf(findTable(table), row);
      summary.addLine(line);
      yield line;
    }
  yield JSON.stringify({ end: summary.end() });

  async function* sessions(): AsyncGenerator<Row> {
    for await (const row of byID(query, 'sessions', 'covalue_id', ids)) {
      const [id, sessionID, count] = row;
      const known = counts.get(String(id)) ?? [];
      counts.set(String(id), known);
      known.push([String(sessionID), Number(count)]);
      yield row;
    }
  }

  async function* indexed(name: 'transactions' | 'signatures'): AsyncGenerator<Row> {
    const table = findTable(name);
    const { rowsPerPage } = table;
    for (const [id, known] of counts)
      for (const [sessionID, count] of known)
        for (let from = 0; from < count;) {
          const rows = await query<Values>(
            `select ${namesOf(table)} from relay.${name}
             where covalue_id = $1 and session_id = $2 and idx >= $3 and idx < $4 order by idx limit ${rowsPerPage}`,
            [id, sessionID, from, count],
          );
          yield* rows.map((row) => rowOf(table, row));
          const last = rows.at(-1);
          from = last && rows.length === rowsPerPage ? Number(last['idx']) + 1 : count;
        }
  }
}

async function* byID(
  query: Query,
  name: 'covalues' | 'sessions' | 'deletions',
  column: 'id' | 'covalue_id',
  ids: readonly string[],
): AsyncGenerator<Row> {
  const table = findTable(name);
  const order = Object.keys(table.columns).slice(0, table.keys).join(', ');
  for (let from = 0; from < ids.length; from += coValuesPerRead) {
    const rows = await query<Values>(
      `select ${namesOf(table)} from relay.${name} where ${column} = any($1::text[]) order by ${order}`,
      [ids.slice(from, from + coValuesPerRead)],
    );
    yield* rows.map((row) => rowOf(table, row));
  }
}

function namesOf({ columns }: Table): string {
  return Object.keys(columns).join(', ');
}

function rowOf({ columns }: Table, row: Values): Row {
  return Object.keys(columns).map((column) => row[column] ?? '');
}
