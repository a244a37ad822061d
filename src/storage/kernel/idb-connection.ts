import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { openDatabase, type DatabaseShape } from '../indexed-db.ts';

/** A connection that browsers close at their leisure, and other tabs ask to be closed. It is opened again when it is next needed. */
export interface Connection {
  /** Rejects where it cannot be opened. */
  open(): Promise<IDBDatabase>;
  /** Rejects also where the browser has closed it and told nobody, as Safari does; the next one is on a new connection. */
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  close(): void;
}

export function createConnection(options: {
  readonly indexedDB: IDBFactory;
  readonly shape: DatabaseShape;
  readonly clock: Clock;
  /** The browser, or another tab, has closed it. */
  lost(): void;
  /** It was opened again, and what stood there is gone: somebody has deleted the database. */
  emptied(): void;
}): Connection {
  const { indexedDB, shape, clock, lost, emptied } = options;
  let opening: Promise<IDBDatabase> | undefined;
  let wasOpen = false;
  let isClosed = false;

  async function connect(): Promise<IDBDatabase> {
    let isNew = false;
    const make: DatabaseShape['make'] = (made, transaction) => {
      isNew = true;
      shape.make?.(made, transaction);
    };
    const db = await openDatabase(indexedDB, { ...shape, make }, clock);
    assert(db, 'a database was to be made');
    const gone = () => {
      opening = undefined;
      if (!isClosed) lost();
    };
    db.addEventListener('close', gone);
    db.addEventListener('versionchange', gone);
    if (wasOpen && isNew) emptied();
    wasOpen = true;
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
        () => {}, // Then there is nothing to close.
      );
    },
  };
}
