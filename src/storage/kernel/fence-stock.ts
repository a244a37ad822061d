import type { Clock } from '../../base/clock.ts';
import { openDatabase } from '../indexed-db.ts';
import { readState } from './read-stock-database.ts';

/** A version that stock storage cannot open. */
const fencedVersion = 8;

/** Blocks writes to a stock database. False if it changed since `state` or is gone. Rejects if in use. */
export async function fenceStock(
  indexedDB: IDBFactory,
  { name, state, clock }: { readonly name: string; readonly state: string; readonly clock: Clock },
): Promise<boolean> {
  let isSame = false;
  try {
    const db = await openDatabase(
      indexedDB,
      {
        name,
        version: fencedVersion,
        // No other connection is open now, and none can open until this transaction ends.
        make(_db, transaction) {
          readState(transaction).then(
            (now) => {
              isSame = now === state;
              if (!isSame) transaction.abort();
            },
            // The database was deleted, and opening has begun to create it again.
            () => transaction.abort(),
          );
        },
      },
      clock,
    );
    db?.close();
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError' && !isSame) return false;
    throw error;
  }
}
