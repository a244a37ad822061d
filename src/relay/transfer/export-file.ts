import { createHash } from 'node:crypto';
import type { Query } from '../database/database.ts';
import { readRows, tables, type Row, type Table } from './tables.ts';

/** The content of the last line of a file. Databases with equal summaries have equal content. */
export interface Summary {
  readonly rows: number;
  readonly sha256: string;
}

export const firstLine = JSON.stringify({ maia: 'relay-export', v: 1 });

/** Rows must be added in export order. */
export function createSummary() {
  const hash = createHash('sha256');
  let rows = 0;
  const addLine = (line: string) => {
    hash.update(`${line}\n`);
    rows++;
  };
  return {
    get rows() {
      return rows;
    },
    addLine,
    add: (table: Table, row: Row) => addLine(lineOf(table, row)),
    end: (): Summary => ({ rows, sha256: hash.digest('hex') }),
  };
}

/** Yields the lines of a file: its format, each row with the name of its table, and the summary. */
export async function* exportLines(query: Query): AsyncGenerator<string, Summary> {
  const summary = createSummary();
  yield firstLine;
  for (const table of tables) {
    for await (const row of readRows(query, table)) {
      const line = lineOf(table, row);
      summary.addLine(line);
      yield line;
    }
  }
  const end = summary.end();
  yield JSON.stringify({ end });
  return end;
}

/** Escapes two characters that JSON allows unescaped but some line readers treat as line breaks. */
export function lineOf({ name }: Table, row: Row): string {
  return JSON.stringify([name, ...row])
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
