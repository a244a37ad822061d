import type { CoValueHeader, RawCoID } from 'cojson';
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
    let failure: { readonly error: unknown } | undefined;
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
    const end = await outcome;
    if (failure) throw failure.error;
    if (end && end !== 'committed') throw end.error;
  };
}

function awaitHeaders(client: StockClient): void {
  client.upsertCoValue = async (id, header) => {
    const transaction = client.db.transaction('coValues', header ? 'readwrite' : 'readonly');
    const outcome = outcomeOf(transaction);
    let rowID: number | undefined;
    const store = transaction.objectStore('coValues');
    const found = store.index('coValuesById').getKey(id);
    found.addEventListener('success', () => {
      rowID = found.result as number | undefined;
      if (rowID === undefined && header) addHeader(store, id, header, (added) => (rowID = added));
    });
    const end = await outcome;
    if (end !== 'committed') throw end.error;
    return rowID;
  };
}

function addHeader(
  store: IDBObjectStore,
  id: RawCoID,
  header: CoValueHeader,
  added: (rowID: number) => void,
): void {
  const put = store.put({ id, header });
  put.addEventListener('success', () => added(put.result as number));
}

type Outcome = 'committed' | { readonly error: unknown };

function outcomeOf(transaction: IDBTransaction): Promise<Outcome> {
  return new Promise((resolve) => {
    transaction.addEventListener('complete', () => resolve('committed'));
    transaction.addEventListener('abort', () =>
      resolve({ error: transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError') }),
    );
  });
}
