import { getSqliteStorage, type StorageAPI } from 'cojson';
import Database from 'libsql';
import { keyOf, type ServedTables, type SessionRow } from './relay-tables.ts';

/** The database of a stock server, in cojson's own format, which outlives the server's processes. */
export interface StockDisk {
  /** What it contains now. The same object until something is written. */
  readonly tables: ServedTables;
  open(): StockStorage;
}

/** One process's access to it. */
export interface StockStorage {
  readonly storage: StorageAPI;
  /** The process has ended: whatever its node still does changes nothing. */
  kill(): void;
}

const contents =
  'select c.id, c.header, s.sessionID, s.lastIdx, s.lastSignature, s.bytesSinceLastSignature' +
  ' from coValues c left join sessions s on s.coValue = c.rowID order by c.rowID, s.rowID';

interface Row {
  readonly id: string;
  readonly header: string;
  /** Null if the CoValue has only its header. */
  readonly sessionID: string | null;
  readonly lastIdx: number;
  readonly lastSignature: string;
  readonly bytesSinceLastSignature: number;
}

/** SQLite, as in stock servers: it commits in the turn of the write, so that an acknowledgement never precedes its commit. */
export function createStockDisk(): StockDisk {
  const sqlite = new Database(':memory:');
  let read: ServedTables | undefined;
  // Its first process creates the tables.
  open().kill();

  function open(): StockStorage {
    let isOver = false;
    const storage = getSqliteStorage({
      run(sql, parameters) {
        read = undefined;
        if (!isOver) sqlite.prepare(sql).run(parameters);
      },
      get<T>(sql: string, parameters: unknown[]) {
        // Some of these write.
        read = undefined;
        return sqlite.prepare(sql).get(parameters) as T | undefined;
      },
      query: <T>(sql: string, parameters: unknown[]) => sqlite.prepare(sql).all(parameters) as T[],
      transaction: (run) => void sqlite.transaction(run)(),
      closeDb: () => {},
    });
    return {
      storage,
      kill() {
        isOver = true;
        storage.store = () => false;
      },
    };
  }

  return {
    get tables() {
      return (read ??= tablesOf(sqlite.prepare(contents).all([]) as readonly Row[]));
    },
    open,
  };
}

function tablesOf(rows: readonly Row[]): ServedTables {
  const sessions = rows.flatMap((row): readonly (readonly [string, SessionRow])[] => {
    const { id: covalueID, sessionID, lastIdx, lastSignature } = row;
    if (sessionID === null) return [];
    const bytesSinceSignature = row.bytesSinceLastSignature;
    return [
      [keyOf(covalueID, sessionID), { covalueID, sessionID, lastIdx, lastSignature, bytesSinceSignature }],
    ];
  });
  return { covalues: new Map(rows.map(({ id, header }) => [id, header])), sessions: new Map(sessions) };
}
