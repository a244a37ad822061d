import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import initialize, { type Sqlite3Static, type SqlValue } from '@sqlite.org/sqlite-wasm';
import { installReadOnlyFiles, vfsName } from './read-only-files.ts';

export type { SqlValue };

/** A prepared statement that yields rows lazily. Running it again drops the remaining rows of the previous run. */
export type Select = (...parameters: readonly SqlValue[]) => Generator<readonly SqlValue[]>;

export interface Sqlite {
  readonly tables: ReadonlySet<SqlValue | undefined>;
  prepare(sql: string): Select;
  /** Returns the first column of the first row. */
  value(sql: string): SqlValue | undefined;
  close(): void;
}

let loading: Promise<Sqlite3Static> | undefined;

/** Opens an SQLite database read-only, with its `-wal` file if there is one. Throws the errors of SQLite. */
export async function openSqlite(file: string): Promise<Sqlite> {
  loading ??= load();
  const { oo1 } = await loading;
  const database = new oo1.DB({ filename: resolve(file), flags: 'r', vfs: vfsName });
  const prepare = (sql: string): Select => {
    const statement = database.prepare(sql);
    return function* (...parameters) {
      statement.reset();
      if (parameters.length > 0) statement.bind([...parameters]);
      while (statement.step()) yield statement.get([]);
    };
  };
  try {
    // In exclusive mode, SQLite reads the log without shared memory.
    database.exec('pragma locking_mode = exclusive');
    // Views and functions in the file could have side effects.
    database.exec('pragma trusted_schema = off');
    const names = [...prepare("select name from sqlite_schema where type = 'table'")()];
    return {
      tables: new Set(names.map(([name]) => name)),
      prepare,
      value: (sql) => database.selectValue(sql),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function load(): Promise<Sqlite3Static> {
  const wasmBinary = await readPackedWasm();
  const sqlite = await initialize({ print: () => {}, printErr: () => {}, ...(wasmBinary && { wasmBinary }) });
  // SQLite would also log errors, including the statements, to the console.
  Object.assign(sqlite.config, { warn: () => {}, error: () => {} });
  installReadOnlyFiles(sqlite);
  return sqlite;
}

/** Undefined in a clone, where SQLite finds its own file. */
async function readPackedWasm(): Promise<Buffer | undefined> {
  const packed = await readFile(new URL('sqlite3.wasm.br', import.meta.url)).catch(() => undefined);
  return packed && promisify(brotliDecompress)(packed);
}
