import { committing, resultOf, transactionAborted } from '../indexed-db.ts';
import type { StockClient } from './stock-client.ts';

type RunTransaction = StockClient['transaction'];

/** Stock transactions swallow errors and resolve before the commit. This one rejects, and resolves only on `complete`. */
export function committedTransaction(runStock: RunTransaction): RunTransaction {
  return async (run, storeNames) => {
    let outcome: Promise<Outcome> | undefined;
    let failure: Failure | undefined;
    try {
      await runStock(async (tx) => {
        outcome = outcomeOf(tx.tx.tx);
        try {
          await run(tx);
        } catch (error) {
          failure = { error };
          throw error;
        }
      }, storeNames);
    } catch (error) {
      failure ??= { error };
    }
    throwUnlessCommitted(await outcome, failure);
  };
}

/** `upsertCoValue` of stock storage, which resolves before the commit. */
export function committedUpsert(
  db: IDBDatabase,
  ...[id, header]: Parameters<StockClient['upsertCoValue']>
): Promise<number | undefined> {
  return committing(db.transaction('coValues', header ? 'readwrite' : 'readonly'), async (transaction) => {
    const store = transaction.objectStore('coValues');
    const rowID = await resultOf(store.index('coValuesById').getKey(id));
    return (rowID ?? (header && (await resultOf(store.put({ id, header }))))) as number | undefined;
  });
}

/** Prefers the reason for the abort: it is more specific than the errors of the requests that the abort cancelled. */
function throwUnlessCommitted(outcome: Outcome | undefined, failure: Failure | undefined): void {
  if (outcome !== 'committed' && outcome?.error) throw outcome.error;
  if (failure) throw failure.error;
  if (outcome !== 'committed') throw transactionAborted();
}

interface Failure {
  readonly error: unknown;
}

type Outcome = 'committed' | { readonly error: DOMException | null };

function outcomeOf(transaction: IDBTransaction): Promise<Outcome> {
  return new Promise((resolve) => {
    transaction.addEventListener('complete', () => resolve('committed'));
    transaction.addEventListener('abort', () => resolve({ error: transaction.error }));
  });
}
