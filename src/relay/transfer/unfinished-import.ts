import { createKernelError } from '../../base/kernel-error.ts';
import type { Query } from '../database/database.ts';
import type { Summary } from './export-file.ts';
import type { Place } from './import-source.ts';

/** What a database says of an import into it that has not come to its end. */
export interface UnfinishedImport extends Summary {
  /** Of the source, when it was checked. */
  readonly fingerprint: string;
  /** What is in the database of it. */
  readonly done: Place;
}

/** Throws RELAY_SETTING_INVALID where an import was begun and not ended: a relay must not add to half of it. */
export async function refuseUnfinishedImport(query: Query): Promise<void> {
  if (!(await isUnfinished(query))) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    'An import into this storage was interrupted. Run `maia-relay import` with the same file again, which goes on with it.',
  );
}

export async function readUnfinishedImport(query: Query): Promise<UnfinishedImport | undefined> {
  if (!(await isUnfinished(query))) return undefined;
  const [found] = await query<Omit<UnfinishedImport, 'done'> & { doneRows: number; doneBytes: number }>(
    `select fingerprint, rows, sha256, done_rows as "doneRows", done_bytes as "doneBytes" from import_unfinished`,
  );
  if (!found) throw new Error('The mark of an unfinished import is empty.');
  const { doneRows, doneBytes, ...mark } = found;
  return { ...mark, done: { rows: doneRows, bytes: doneBytes } };
}

/** In the caller's transaction, as the other ones here. */
export async function beginImport(query: Query, { fingerprint, rows, sha256, done }: UnfinishedImport) {
  await query(
    `create table import_unfinished (fingerprint text not null, rows float8 not null, sha256 text not null,
       done_rows float8 not null, done_bytes float8 not null)`,
  );
  await query('insert into import_unfinished values ($1, $2, $3, $4, $5)', [
    fingerprint,
    rows,
    sha256,
    done.rows,
    done.bytes,
  ]);
}

/** The same rows in another copy of the source. */
export async function continueFrom(query: Query, fingerprint: string): Promise<void> {
  await query('update import_unfinished set fingerprint = $1', [fingerprint]);
}

export async function markDone(query: Query, { rows, bytes }: Place): Promise<void> {
  await query('update import_unfinished set done_rows = $1, done_bytes = $2', [rows, bytes]);
}

export async function endImport(query: Query): Promise<void> {
  await query('drop table import_unfinished');
}

async function isUnfinished(query: Query): Promise<boolean> {
  const [table] = await query<{ isThere: boolean }>(
    `select to_regclass('import_unfinished') is not null as "isThere"`,
  );
  return table?.isThere === true;
}
