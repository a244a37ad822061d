import type { SignatureAfterRow, StoredCoValueRow, StoredSessionRow, TransactionRow } from 'cojson';
import { unknownError } from '../indexed-db.ts';
import type { StockClient } from '../stock.ts';

const stores = ['coValues', 'sessions', 'signatureAfter', 'transactions'] as const;
type StoreName = (typeof stores)[number];
type Ask = (store: IDBObjectStore) => IDBRequest;

/** A transaction of reads holds up writes, those of other tabs too. */
const mostCoValues = 100;

interface Shared {
  readonly transaction: IDBTransaction;
  coValues: number;
}

/**
 * The stock client opens a transaction for each read, some four for every CoValue. From here on a read joins the
 * transaction of the one that it follows on. This tab's writes wait only for the reads that were asked for before them.
 */
export function shareReads(client: StockClient): void {
  /** The one whose answer is being dealt with, or that was just begun. */
  let active: Shared | undefined;
  let writes = 0;

  function read<T>(name: StoreName, ask: Ask): Promise<T> {
    return new Promise((resolve, reject) => {
      const isFull = name === 'coValues' && active?.coValues === mostCoValues;
      const joined = active && !isFull ? askIn(active, name, ask) : undefined;
      const shared = joined && active ? active : begin();
      const request = joined ?? ask(shared.transaction.objectStore(name));
      if (name === 'coValues') shared.coValues++;
      const writesBefore = writes;
      request.addEventListener('success', () => {
        active = writes === writesBefore ? shared : undefined;
        resolve(request.result as T);
      });
      request.addEventListener('error', (event) => {
        event.preventDefault(); // The others go on.
        reject(request.error ?? unknownError());
      });
    });
  }

  function begin(): Shared {
    active = { transaction: client.db.transaction(stores, 'readonly'), coValues: 0 };
    return active;
  }

  function beforeWriting<Arguments extends readonly unknown[], T>(write: (...args: Arguments) => T) {
    return (...args: Arguments): T => {
      writes++;
      active = undefined;
      return write(...args);
    };
  }

  client.transaction = beforeWriting(client.transaction.bind(client));
  client.upsertCoValue = beforeWriting(client.upsertCoValue.bind(client));
  client.getCoValue = (id) =>
    read<StoredCoValueRow | undefined>('coValues', (store) => store.index('coValuesById').get(id));
  client.getCoValueSessions = (rowID) =>
    read<StoredSessionRow[]>('sessions', (store) => store.index('sessionsByCoValue').getAll(rowID));
  client.getSignatures = (sessionRowID, from) =>
    read<SignatureAfterRow[]>('signatureAfter', (store) =>
      store.getAll(IDBKeyRange.bound([sessionRowID, from], [sessionRowID, Infinity])),
    );
  client.getNewTransactionInSession = (sessionRowID, from, to) =>
    read<TransactionRow[]>('transactions', (store) =>
      store.getAll(IDBKeyRange.bound([sessionRowID, from], [sessionRowID, to])),
    );
}

/** Undefined where the transaction takes no more: it has ended, or deals with nothing now. */
function askIn({ transaction }: Shared, name: StoreName, ask: Ask): IDBRequest | undefined {
  try {
    return ask(transaction.objectStore(name));
  } catch (error) {
    const names = ['TransactionInactiveError', 'InvalidStateError'];
    if (error instanceof DOMException && names.includes(error.name)) return undefined;
    throw error;
  }
}
