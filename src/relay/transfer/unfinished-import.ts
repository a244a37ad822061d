import type { Query } from '../database/database.ts';
import { isImportUnfinished } from '../database/refuse-unfinished-import.ts';
import type { Summary } from './export-file.ts';
import type { Place } from './import-source.ts';

export interface UnfinishedImport extends Summary {
  /** The fingerprint of the source when it was checked. */
  readonly fingerprint: string;
  readonly done: Place;
}

export async function readUnfinishedImport(query: Query): Promise<UnfinishedImport | undefined> {
  if (!(await isImportUnfinished(query))) return undefined;
  const [found] = await query<Omit<UnfinishedImport, 'done'> & { doneRows: number; doneBytes: number }>(
    `select fingerprint, rows, sha256, done_rows as "doneRows", done_bytes as "doneBytes" from relay.import_unfinished`,
  );
  if (!found) throw new Error('The record of an unfinished import is empty.');
  const { doneRows, doneBytes, ...mark } = found;
  return { ...mark, done: { rows: doneRows, bytes: doneBytes } };
}

/** Like the functions below, runs in the transaction of the caller. */
export async function beginImport(query: Query, { fingerprint, rows, sha256, done }: UnfinishedImport) {
  await query(
    `create table relay.import_unfinished (fingerprint text not null, rows float8 not null, sha256 text not null,
       done_rows float8 not null, done_bytes float8 not null)`,
  );
  await query('insert into relay.import_unfinished values ($1, $2, $3, $4, $5)', [
    fingerprint,
    rows,
    sha256,
    done.rows,
    done.bytes,
  ]);
}

/** Continues with another copy of the same source. */
export async function continueFrom(query: Query, fingerprint: string): Promise<void> {
  await query('update relay.import_unfinished set fingerprint = $1', [fingerprint]);
}

export async function markDone(query: Query, { rows, bytes }: Place): Promise<void> {
  await query('update relay.import_unfinished set done_rows = $1, done_bytes = $2', [rows, bytes]);
}

export async function endImport(query: Query): Promise<void> {
  await query('drop table relay.import_unfinished');
}
