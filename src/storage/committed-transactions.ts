import { resultOf, transactionAborted } from './indexed-db.ts';
import type { StockClient } from './stock.ts';

/**
 * The stock client swallows what its transactions throw and does not wait for their commit, so it calls `done` for
 * content that was never written. From here on a transaction rejects when it fails, and resolves on `complete` only.
 */
export function awaitCommits(client: StockClient): void {
  awaitTransactions(client);
  awaitHeaders(client);
}

function awaitTransactions(client: StockClient): void {
  const stock = client.transaction.bind(client);
  client.transaction = async (run, storeNames) => {
    let outcome: Promise<Outcome> | undefined;
    let failure: Failure | undefined;
    try {
      await stock(async (tx) => {
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

function awaitHeaders(client: StockClient): void {
  client.upsertCoValue = async (id, header) => {
    const transaction = client.db.transaction('coValues', header ? 'readwrite' : 'readonly');
    const outcome = outcomeOf(transaction);
    const store = transaction.objectStore('coValues');
    let rowID: IDBValidKey | undefined;
    let failure: Failure | undefined;
    try {
      rowID = await resultOf(store.index('coValuesById').getKey(id));
      if (rowID === undefined && header) rowID = await resultOf(store.put({ id, header }));
    } catch (error) {
      failure = { error };
    }
    throwUnlessCommitted(await outcome, failure);
    return rowID as number | undefined;
  };
}

/** Why a transaction was aborted tells more than that its requests were. */
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
