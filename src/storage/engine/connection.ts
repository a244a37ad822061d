import { assert } from '../../platform/assert.ts';
import { openDatabase, type DatabaseShape } from '../indexed-db.ts';

/** A connection that browsers close at their leisure, and other tabs ask to be closed. It is opened again when it is next needed. */
export interface Connection {
  /** Rejects where it cannot be opened. */
  open(): Promise<IDBDatabase>;
  close(): void;
}

export function createConnection(
  indexedDB: IDBFactory,
  shape: DatabaseShape,
  /** The browser, or another tab, has closed it. */
  lost: () => void,
): Connection {
  let opening: Promise<IDBDatabase> | undefined;
  let isClosed = false;

  async function connect(): Promise<IDBDatabase> {
    const db = await openDatabase(indexedDB, shape);
    assert(db, 'a database was to be made');
    const gone = () => {
      opening = undefined;
      if (!isClosed) lost();
    };
    db.addEventListener('close', gone);
    db.addEventListener('versionchange', gone);
    return db;
  }

  return {
    open() {
      opening ??= connect().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    close() {
      isClosed = true;
      void opening?.then((db) => db.close());
    },
  };
}
