import { resolve } from 'node:path';
import initialize, { type Sqlite3Static, type SqlValue } from '@sqlite.org/sqlite-wasm';
import { installReadOnlyFiles, vfsName } from './read-only-files.ts';

export type { SqlValue };

/** A statement. Its rows come one by one; what is left of them when it is asked again is dropped. */
export type Select = (...parameters: readonly SqlValue[]) => Generator<readonly SqlValue[]>;

export interface Sqlite {
  /** The names of its tables. */
  readonly tables: ReadonlySet<SqlValue | undefined>;
  prepare(sql: string): Select;
  /** The first column of the first row. */
  value(sql: string): SqlValue | undefined;
  close(): void;
}

let loading: Promise<Sqlite3Static> | undefined;

/** Opens an SQLite database for reading, with its `-wal` file where there is one. Throws SQLite's own errors. */
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
    // A log is read without shared memory where nobody else can be at it.
    database.exec('pragma locking_mode = exclusive');
    // Views and functions in the file could do more than to be read.
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
  const sqlite = await initialize({ print: () => {}, printErr: () => {} });
  // It would write its errors to the console as well, with the statements.
  Object.assign(sqlite.config, { warn: () => {}, error: () => {} });
  installReadOnlyFiles(sqlite);
  return sqlite;
}
