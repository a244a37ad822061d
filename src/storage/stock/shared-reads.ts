import type { SignatureAfterRow, StoredCoValueRow, StoredSessionRow, TransactionRow } from 'cojson';
import { unknownError } from '../indexed-db.ts';
import { overrideClient, type StockClient } from './stock-client.ts';

const stores = ['coValues', 'sessions', 'signatureAfter', 'transactions'] as const;
type StoreName = (typeof stores)[number];
type CreateRequest = (store: IDBObjectStore) => IDBRequest;

/** Limited per transaction, because a read transaction delays writes, including those of other tabs. */
const maxCoValues = 100;

interface Shared {
  readonly transaction: IDBTransaction;
  coValues: number;
}

/**
 * The stock client opens a transaction for each read, about four for every CoValue. Here a read joins the transaction of the
 * read that led to it. A write of this tab waits only for the reads requested before it.
 */
export function shareReads(client: StockClient): StockClient {
  /** The transaction whose result is being handled, or which has just begun. */
  let active: Shared | undefined;
  let writes = 0;

  function read<T>(name: StoreName, createRequest: CreateRequest): Promise<T> {
    return new Promise((resolve, reject) => {
      const isFull = name === 'coValues' && active?.coValues === maxCoValues;
      const joined = active && !isFull ? requestIn(active, name, createRequest) : undefined;
      const shared = joined && active ? active : begin();
      const request = joined ?? createRequest(shared.transaction.objectStore(name));
      if (name === 'coValues') shared.coValues++;
      const writesBefore = writes;
      request.addEventListener('success', () => {
        active = writes === writesBefore ? shared : undefined;
        resolve(request.result as T);
      });
      request.addEventListener('error', (event) => {
        event.preventDefault(); // Otherwise the error aborts the other reads.
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

  return overrideClient(client, {
    transaction: beforeWriting((...args) => client.transaction(...args)),
    upsertCoValue: beforeWriting((...args) => client.upsertCoValue(...args)),
    getCoValue: (id) =>
      read<StoredCoValueRow | undefined>('coValues', (store) => store.index('coValuesById').get(id)),
    getCoValueSessions: (rowID) =>
      read<StoredSessionRow[]>('sessions', (store) => store.index('sessionsByCoValue').getAll(rowID)),
    getSignatures: (sessionRowID, from) =>
      read<SignatureAfterRow[]>('signatureAfter', (store) =>
        store.getAll(IDBKeyRange.bound([sessionRowID, from], [sessionRowID, Infinity])),
      ),
    getNewTransactionInSession: (sessionRowID, from, to) =>
      read<TransactionRow[]>('transactions', (store) =>
        store.getAll(IDBKeyRange.bound([sessionRowID, from], [sessionRowID, to])),
      ),
  });
}

/** Undefined if the transaction accepts no requests: it has ended or is inactive. */
function requestIn(
  { transaction }: Shared,
  name: StoreName,
  createRequest: CreateRequest,
): IDBRequest | undefined {
  try {
    return createRequest(transaction.objectStore(name));
  } catch (error) {
    const names = ['TransactionInactiveError', 'InvalidStateError'];
    if (error instanceof DOMException && names.includes(error.name)) return undefined;
    throw error;
  }
}
