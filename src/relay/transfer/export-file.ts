import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createKernelError } from '../../platform/kernel-error.ts';
import type { Query } from '../database/database.ts';
import { readRows, tables, type Row, type Table } from './tables.ts';

/** What a file's last line says of the lines before, and what makes two databases equal. */
export interface Summary {
  readonly rows: number;
  readonly sha256: string;
}

const firstLine = JSON.stringify({ maia: 'relay-export', v: 1 });

/** The lines of a file: what it is, each row with its table's name, and the summary. */
export async function* exportLines(query: Query): AsyncGenerator<string, Summary> {
  const hash = createHash('sha256');
  let rows = 0;
  yield firstLine;
  for (const table of tables) {
    for await (const row of readRows(query, table)) {
      const line = lineOf([table.name, ...row]);
      hash.update(`${line}\n`);
      rows++;
      yield line;
    }
  }
  const summary = { rows, sha256: hash.digest('hex') };
  yield JSON.stringify({ end: summary });
  return summary;
}

/** JSON may hold these two as they are, and some readers of lines take them for line ends. */
function lineOf(values: Row): string {
  return JSON.stringify(values).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

export interface FileRow {
  readonly table: Table;
  readonly row: Row;
  readonly bytes: number;
}

/** Reads a file to its end. Throws RELAY_SETTING_INVALID where it is not a whole export of this form. */
export async function* readFileRows(file: string): AsyncGenerator<FileRow, Summary> {
  const hash = createHash('sha256');
  let rows = 0;
  let isFirst = true;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (isFirst && line !== firstLine) throw unreadable(file, 'it is no export of a relay of this version');
    if (!isFirst) {
      const value = parseLine(file, line);
      if (!Array.isArray(value)) {
        const summary = { rows, sha256: hash.digest('hex') };
        if (JSON.stringify(value) === JSON.stringify({ end: summary })) return summary;
        throw unreadable(file, 'its lines are not those that were written');
      }
      const table = tables.find(({ name, columns }) => {
        return name === value[0] && value.length === Object.keys(columns).length + 1;
      });
      if (!table) throw unreadable(file, 'one of its lines is of no known table');
      hash.update(`${line}\n`);
      rows++;
      yield { table, row: value.slice(1) as Row, bytes: line.length };
    }
    isFirst = false;
  }
  throw unreadable(file, 'its end is missing');
}

function parseLine(file: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw unreadable(file, 'one of its lines is not whole', cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `${file} cannot be imported: ${why}. Export it again; nothing was changed.`,
    { cause },
  );
}
