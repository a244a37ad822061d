import { realpath } from 'node:fs/promises';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { isKernelError } from '../../../base/kernel-error.ts';
import { createSummary } from '../export-file.ts';
import { fingerprintOf, type ImportSource } from '../import-source.ts';
import { importError } from '../unfit-file.ts';
import { openSqlite, type Sqlite } from './open-sqlite.ts';
import { createStockChecks } from './stock-checks.ts';
import { refuseMissingFiles } from './stock-files.ts';
import { createStockRows } from './stock-rows.ts';

/** The schema version of cojson 0.20. Earlier versions only lack some tables. */
const maxSchemaVersion = 7;
const neededTables = ['coValues', 'sessions', 'transactions', 'signatureAfter'];
const rowsPerReport = 1_000;

/** Reads the SQLite database of a stock server in place and never writes to it. It may be larger than memory. */
export async function openStockSource(path: string, isWalGone: boolean): Promise<ImportSource> {
  // SQLite creates companion files beside the database, not beside a link to it.
  const file = await realpath(path);
  await refuseMissingFiles(file, isWalGone);
  const readFingerprint = () => fingerprintOf(file, `${file}-wal`, `${file}-journal`);
  const fingerprint = await readFingerprint();
  const damaged = (row: string, how: string) =>
    importError(
      file,
      `${row} is damaged: ${how}`,
      'Nothing was changed. Import a backup from before the damage.',
    );
  const crypto = await WasmCrypto.create();
  const sqlite = await withExplanation(() => openSqlite(file));
  try {
    return await withExplanation(() => read(sqlite));
  } catch (error) {
    sqlite.close();
    throw error;
  }

  function read({ close, tables, value }: Sqlite): ImportSource {
    refuseUnsupported(file, sqlite);
    const stock = createStockRows(sqlite, createStockChecks(crypto, damaged), damaged);
    const unsynced = tables.has('unsynced_covalues')
      ? Number(value('select count(*) from unsynced_covalues'))
      : 0;
    return {
      fingerprint,
      ...(unsynced > 0 && {
        leftOut: `Left out (records of content that the stock server had not yet sent to another server): ${unsynced}.`,
      }),
      check: (progress) =>
        withExplanation(async () => {
          // Rows are read by index: an incomplete index would silently drop rows.
          const structure = value('pragma integrity_check(1)');
          if (structure !== 'ok')
            throw damaged('the file', typeof structure === 'string' ? structure : 'its structure is invalid');
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
          const next = await withExplanation(() => rows.next());
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
    throw importError(file, 'another program is still writing to it', 'Stop its server and import again.');
  }

  /** Checks for changes first, because a concurrent write makes the content look damaged. */
  async function withExplanation<T>(run: () => T | Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      await refuseChanges();
      if (isKernelError(error)) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw importError(file, `SQLite cannot read it: ${what}`, 'Import an intact backup.', error);
    }
  }
}

function refuseUnsupported(file: string, { tables, value }: Sqlite): void {
  const missing = neededTables.find((name) => !tables.has(name));
  if (missing !== undefined) {
    throw importError(
      file,
      `it is an SQLite database, but not from cojson 0.20: it has no table ${missing}`,
      'Choose the database of a stock server. To import one from an older cojson, first start its server once with cojson 0.20.',
    );
  }
  const schemaVersion = Number(value('pragma user_version'));
  if (schemaVersion <= maxSchemaVersion) return;
  throw importError(
    file,
    `it has schema version ${schemaVersion} of a newer cojson, but this relay supports only versions up to ${maxSchemaVersion}`,
    'Update the relay.',
  );
}
