import { stat } from 'node:fs/promises';
import { readStart } from '../import-source.ts';
import { importError } from '../unfit-file.ts';

export const sqliteMagic = 'SQLite format 3\0';

/** These header bytes are 2 in WAL mode (https://sqlite.org/fileformat2.html, 1.3.3). */
const versionBytes = [18, 19];
/** The magic number of a log, ignoring the last bit (same document, 4.1). */
const walMagic = 0x377f0682;

/** Throws RELAY_SETTING_INVALID if the latest writes may be in a separate file: a missing log or a pending rollback. */
export async function refuseMissingFiles(file: string, isWalGone: boolean): Promise<void> {
  const header = await readStart(file, 100);
  const wal = `${file}-wal`;
  const start = await startOf(wal);
  if (start === undefined && !isWalGone && versionBytes.some((at) => header[at] === 2)) {
    throw importError(
      file,
      `it is in WAL mode, but ${wal}, which may contain the latest writes, is missing`,
      `Stop its server and copy both files. If SQLite removed the -wal file itself, as it does when a database is closed cleanly, use --no-wal.`,
    );
  }
  if (
    start !== undefined &&
    start.length > 0 &&
    (start.length < 4 || start.readUInt32BE() >>> 1 !== walMagic >>> 1)
  ) {
    throw importError(
      wal,
      'it is not an SQLite log, or it is damaged',
      'Stop the server of the database and copy both files again.',
    );
  }
  // The journal of an interrupted commit starts with bytes other than zero.
  const journal = await startOf(`${file}-journal`);
  if (journal?.some((byte) => byte !== 0)) {
    throw importError(
      file,
      `${file}-journal shows that its last commit was interrupted`,
      `Let SQLite roll it back: start its server once, or run: sqlite3 ${file} "select count(*) from coValues"`,
    );
  }
}

/** Undefined if the file does not exist. */
async function startOf(file: string): Promise<Buffer | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && readStart(file, 8);
}
