import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { openDatabase, type DatabaseShape } from '../indexed-db.ts';

/** A connection that reopens on demand, because browsers and other tabs may close it at any time. */
export interface Connection {
  /** Rejects if the database cannot be opened. */
  open(): Promise<IDBDatabase>;
  /** Also rejects if the browser closed the connection without an event, as Safari does; the next call reconnects. */
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  close(): void;
}

export function createConnection(options: {
  readonly indexedDB: IDBFactory;
  readonly shape: DatabaseShape;
  readonly clock: Clock;
  /** The browser or another tab closed the connection. */
  lost(): void;
}): Connection {
  const { indexedDB, shape, clock, lost } = options;
  let opening: Promise<IDBDatabase> | undefined;
  let isClosed = false;

  async function connect(): Promise<IDBDatabase> {
    const db = await openDatabase(indexedDB, shape, clock);
    assert(db, 'a database should have been created');
    const gone = () => {
      opening = undefined;
      if (!isClosed) lost();
    };
    db.addEventListener('close', gone);
    db.addEventListener('versionchange', gone);
    return db;
  }

  function open(): Promise<IDBDatabase> {
    opening ??= connect().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  return {
    open,
    async begin(mode, names) {
      const db = await open();
      try {
        return db.transaction(names, mode, { durability: 'strict' });
      } catch (error) {
        opening = undefined;
        db.close();
        throw error;
      }
    },
    close() {
      isClosed = true;
      opening?.then(
        (db) => db.close(),
        () => {}, // It never opened.
      );
    },
  };
}
