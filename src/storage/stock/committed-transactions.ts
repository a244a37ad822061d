import { committing, resultOf, transactionAborted } from '../indexed-db.ts';
import { overrideClient, type StockClient } from './stock-client.ts';

/** Stock transactions swallow errors and resolve before the commit. These reject, and resolve only on `complete`. */
export function awaitCommits(client: StockClient): StockClient {
  return overrideClient(client, {
    async transaction(run, storeNames) {
      let outcome: Promise<Outcome> | undefined;
      let failure: Failure | undefined;
      try {
        await client.transaction(async (tx) => {
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
    },
    upsertCoValue: (id, header) =>
      committing(
        client.db.transaction('coValues', header ? 'readwrite' : 'readonly'),
        async (transaction) => {
          const store = transaction.objectStore('coValues');
          const rowID = await resultOf(store.index('coValuesById').getKey(id));
          return (rowID ?? (header && (await resultOf(store.put({ id, header }))))) as number | undefined;
        },
      ),
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
