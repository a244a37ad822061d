import { realpath } from 'node:fs/promises';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { isKernelError } from '../../../base/kernel-error.ts';
import { createSummary } from '../export-file.ts';
import { fingerprintOf, type ImportSource } from '../import-source.ts';
import { unfitFile } from '../unfit-file.ts';
import { openSqlite, type Sqlite } from './open-sqlite.ts';
import { createStockChecks } from './stock-checks.ts';
import { refuseMissingFiles } from './stock-files.ts';
import { createStockRows } from './stock-rows.ts';

/** Of the storage of cojson 0.20, whose older forms lack tables and nothing else. */
const newestForm = 7;
const neededTables = ['coValues', 'sessions', 'transactions', 'signatureAfter'];
const rowsPerReport = 1_000;

/**
 * The database of a stock server: what cojson's SQLite storage has written. It is read where it lies, also when it is
 * larger than the memory, and never written to.
 */
export async function openStockSource(path: string, isWalGone: boolean): Promise<ImportSource> {
  // SQLite puts the files that belong to a database beside it, and not beside a link to it.
  const file = await realpath(path);
  await refuseMissingFiles(file, isWalGone);
  const readFingerprint = () => fingerprintOf(file, `${file}-wal`, `${file}-journal`);
  const fingerprint = await readFingerprint();
  const damaged = (row: string, how: string) =>
    unfitFile(
      file,
      `${row} is damaged: ${how}`,
      'Nothing was changed. Import a backup from before the damage.',
    );
  const crypto = await WasmCrypto.create();
  const sqlite = await explained(() => openSqlite(file));
  try {
    return await explained(() => read(sqlite));
  } catch (error) {
    sqlite.close();
    throw error;
  }

  function read({ close, tables, value }: Sqlite): ImportSource {
    refuseOthers(file, sqlite);
    const stock = createStockRows(sqlite, createStockChecks(crypto, damaged), damaged);
    const unsynced = tables.has('unsynced_covalues')
      ? Number(value('select count(*) from unsynced_covalues'))
      : 0;
    return {
      fingerprint,
      ...(unsynced > 0 && {
        leftOut: `Left out: ${unsynced} marks of what its server had still to send to another server.`,
      }),
      check: (progress) =>
        explained(async () => {
          // Rows are found by the indices: one that lacks a row would lose it here.
          const structure = value('pragma integrity_check(1)');
          if (structure !== 'ok')
            throw damaged('the file', typeof structure === 'string' ? structure : 'it has no order');
          const summary = createSummary();
          for (const { table, row } of stock.rows(0)) {
            summary.add(table, row);
            if (summary.rows % rowsPerReport === 0) progress(summary.rows / stock.count);
          }
          await refuseChanges();
          return summary.end();
        }),
      async *rows(from) {
        let end = from;
        const rows = stock.rows(from.rows);
        for (;;) {
          const next = await explained(() => rows.next());
          if (next.done) return refuseChanges();
          const row = next.value;
          end = { rows: end.rows + 1, bytes: end.bytes + row.bytes };
          yield { ...row, end };
        }
      },
      close,
    };
  }

  async function refuseChanges(): Promise<void> {
    if ((await readFingerprint()) === fingerprint) return;
    throw unfitFile(file, 'something still writes to it', 'Stop its server, and import again.');
  }

  /** What is read while something writes may look damaged. */
  async function explained<T>(run: () => T | Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      await refuseChanges();
      if (isKernelError(error)) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw unfitFile(file, `SQLite cannot read it: ${what}`, 'Import a backup of it that is whole.', error);
    }
  }
}

function refuseOthers(file: string, { tables, value }: Sqlite): void {
  const missing = neededTables.find((name) => !tables.has(name));
  if (missing !== undefined) {
    throw unfitFile(
      file,
      `it is a database of SQLite, and not of cojson 0.20: it has no table ${missing}`,
      'Name the database of a stock server; one of an older cojson is brought up to date by starting it with cojson 0.20 once.',
    );
  }
  const form = Number(value('pragma user_version'));
  if (form <= newestForm) return;
  throw unfitFile(
    file,
    `a newer cojson has written it, in form ${form}, and this relay knows ${newestForm}`,
    'Update the relay.',
  );
}
