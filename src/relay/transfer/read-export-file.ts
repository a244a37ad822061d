import { stat } from 'node:fs/promises';
import { createSummary, firstLine } from './export-file.ts';
import { readLines } from './file-lines.ts';
import { beginning, fingerprintOf, type ImportSource, type Place, type SourceRow } from './import-source.ts';
import { tables, type Row } from './tables.ts';
import { toFileError, importError } from './unfit-file.ts';

const rowsPerReport = 1_000;

/** Opens a file that `exportStorage` wrote. */
export async function openExportFile(file: string): Promise<ImportSource> {
  const { size } = await stat(file);
  return {
    fingerprint: await fingerprintOf(file),
    async check(progress) {
      const summary = createSummary();
      const rows = readFileRows(file, beginning, summary.addLine);
      for (;;) {
        const { done, value } = await rows.next();
        if (!done) {
          if (summary.rows % rowsPerReport === 0) progress(value.end.bytes / size);
          continue;
        }
        const found = summary.end();
        if (value === JSON.stringify({ end: found })) return found;
        throw unreadable(file, 'its lines do not match its checksum');
      }
    },
    rows: (from) => readFileRows(file, from),
    close: () => {},
  };
}

/** Yields the rows and returns the last line. */
async function* readFileRows(
  file: string,
  from: Place,
  onRow?: (line: string) => void,
): AsyncGenerator<SourceRow, string> {
  let rows = from.rows;
  let isFirst = from.bytes === 0;
  let last: string | undefined;
  try {
    for await (const { text, end } of readLines(file, from.bytes)) {
      if (isFirst && text !== firstLine)
        throw unreadable(file, 'it is not an export of a relay of this version');
      if (last !== undefined) throw unreadable(file, 'it has lines after its end');
      const value = parseLine(file, text);
      if (Array.isArray(value)) {
        const table = tables.find(({ name, columns }) => {
          return name === value[0] && value.length === Object.keys(columns).length + 1;
        });
        if (!table) throw unreadable(file, 'one of its lines belongs to no known table');
        onRow?.(text);
        rows++;
        yield { table, row: value.slice(1) as Row, bytes: text.length, end: { rows, bytes: end } };
      } else if (!isFirst) last = text;
      isFirst = false;
    }
  } catch (error) {
    throw toFileError(file, error);
  }
  if (last === undefined) throw unreadable(file, 'its end is missing');
  return last;
}

function parseLine(file: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw unreadable(file, 'one of its lines is incomplete', cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown) {
  return importError(file, why, 'Export the storage again. The import of this file did not finish.', cause);
}
