import type { Clock } from '../../base/clock.ts';
import { openDatabase } from '../indexed-db.ts';
import { readState } from './read-stock-database.ts';

/** What no stock storage opens. */
const fencedVersion = 8;

/**
 * From here on no tab writes to a stock database any more. False where somebody has since it was in that state, or has
 * fenced it off or deleted it meanwhile. Rejects where a tab does not let go of it.
 */
export async function fenceOff(
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
        // Nobody else has it open now, nor can until this transaction ends.
        make(_db, transaction) {
          readState(transaction).then(
            (now) => {
              isSame = now === state;
              if (!isSame) transaction.abort();
            },
            // It is gone, and was about to be made again.
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
