import { stat } from 'node:fs/promises';
import { readStart } from '../import-source.ts';
import { unfitFile } from '../unfit-file.ts';

/** What each SQLite database begins with. */
export const sqliteMagic = 'SQLite format 3\0';

/** At these bytes of its header a database in WAL mode has a 2 (https://sqlite.org/fileformat2.html, 1.3.3). */
const versionBytes = [18, 19];
/** The first bytes of a log, but for the last bit (the same, 4.1). */
const walMagic = 0x377f0682;

/**
 * Refuses a database of which a part is missing, or not yet taken back: what was written last may stand in a file of its
 * own beside it. Throws RELAY_SETTING_INVALID.
 */
export async function refuseMissingFiles(file: string, isWalGone: boolean): Promise<void> {
  const header = await readStart(file, 100);
  const wal = `${file}-wal`;
  const start = await startOf(wal);
  if (start === undefined && !isWalGone && versionBytes.some((at) => header[at] === 2)) {
    throw unfitFile(
      file,
      `it is in WAL mode, and its ${wal} is missing, where what was written last may stand`,
      `Stop its server and copy both. If SQLite itself has taken the -wal file away, as it does when a database is closed in order, say so with --no-wal.`,
    );
  }
  if (
    start !== undefined &&
    start.length > 0 &&
    (start.length < 4 || start.readUInt32BE() >>> 1 !== walMagic >>> 1)
  ) {
    throw unfitFile(
      wal,
      'it is no log of SQLite, or a damaged one',
      'Stop the server of the database and copy both files again.',
    );
  }
  // An interrupted commit that is to be taken back begins its journal with other bytes than zeros.
  const journal = await startOf(`${file}-journal`);
  if (journal?.some((byte) => byte !== 0)) {
    throw unfitFile(
      file,
      `${file}-journal says that its last commit was interrupted`,
      `Let SQLite take it back: start its server once, or run: sqlite3 ${file} "select count(*) from coValues"`,
    );
  }
}

/** Undefined where there is no such file. */
async function startOf(file: string): Promise<Buffer | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found && readStart(file, 8);
}
