import type { RawCoID } from '../../engine/content.ts';
import { openDatabase } from '../indexed-db.ts';
import { stockDatabaseName } from '../stock-database.ts';
import type { Piece } from './pieces.ts';
import { readStockRows, type StockRows } from './read-stock-database.ts';

/** Reads stock content not yet migrated. Read it before the kernel's database: another tab may be migrating. */
export interface StockContent {
  /** The number of CoValues. Undefined if there is no stock database. */
  count(): Promise<number | undefined>;
  ids(): Promise<readonly RawCoID[]>;
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, Piece>>;
  unconfirmed(): Promise<readonly RawCoID[]>;
  close(): void;
}

export function createStockContent(indexedDB: IDBFactory, accountID: string): StockContent {
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
    for (let attempt = 0; !isGone; attempt++) {
      opening ??= open();
      try {
        const opened = await opening;
        if (opened) return await run(opened.rows);
      } catch (error) {
        opening = undefined;
        // A tab that fences or deletes the database makes this connection close: reopen once.
        if (attempt > 0) throw error;
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
        () => {}, // It never opened.
      );
    },
  };
}

const noPieces: ReadonlyMap<RawCoID, Piece> = new Map();

interface Opened {
  readonly db: IDBDatabase;
  readonly rows: StockRows;
}
