import type { RawCoID } from '../content.ts';
import { openDatabase } from '../indexed-db.ts';
import { stockDatabaseName } from '../stock-database.ts';
import type { Piece } from './pieces.ts';
import { readStockRows, type StockRows } from './read-stock-database.ts';

/**
 * What stands in a database of cojson-storage-indexeddb and is not, or not all, taken over yet: an account is opened
 * before it is, and is to lack nothing. Another tab may take it over meanwhile, so it is asked before our own database:
 * what is gone here stands there.
 */
export interface OldContent {
  /** How many CoValues there are. Undefined where there is no such database. */
  count(): Promise<number | undefined>;
  ids(): Promise<readonly RawCoID[]>;
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, Piece>>;
  unconfirmed(): Promise<readonly RawCoID[]>;
  close(): void;
}

export function createOldContent(indexedDB: IDBFactory, accountID: string): OldContent {
  let opening: Promise<Opened | undefined> | undefined;
  let isGone = false;

  async function open(): Promise<Opened | undefined> {
    const db = await openDatabase(indexedDB, { name: stockDatabaseName(accountID) });
    const rows = db && (await readStockRows(db));
    if (db && rows) return { db, rows };
    db?.close();
    isGone = true;
    return undefined;
  }

  async function ask<T>(run: (rows: StockRows) => Promise<T>, none: T): Promise<T> {
    for (let tries = 0; !isGone; tries++) {
      opening ??= open();
      try {
        const opened = await opening;
        if (opened) return await run(opened.rows);
      } catch (error) {
        opening = undefined;
        // Who deletes it, or sees to it that nobody writes there any more, has had the connection closed.
        if (tries > 0) throw error;
      }
    }
    return none;
  }

  return {
    count: () => ask<number | undefined>((rows) => Promise.resolve(rows.count), undefined),
    ids: () => ask<readonly RawCoID[]>((rows) => rows.ids(), []),
    read: (ids) => ask((rows) => rows.find(ids), noPieces),
    unconfirmed: () => ask<readonly RawCoID[]>((rows) => rows.unconfirmed(), []),
    close() {
      isGone = true;
      opening?.then(
        (opened) => opened?.db.close(),
        () => {}, // Then there is nothing to close.
      );
    },
  };
}

const noPieces: ReadonlyMap<RawCoID, Piece> = new Map();

interface Opened {
  readonly db: IDBDatabase;
  readonly rows: StockRows;
}
