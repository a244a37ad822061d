/** Makes IndexedDB throw for the refused transactions, new and open, until the returned function is called. */
export function failIndexedDB(
  isRefused: (database: string, mode: IDBTransactionMode) => boolean,
  error: DOMException,
): () => void {
  const { transaction } = IDBDatabase.prototype;
  const { objectStore } = IDBTransaction.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode = 'readonly', options) {
    if (isRefused(this.name, mode)) throw error;
    return transaction.call(this, stores, mode, options);
  };
  IDBTransaction.prototype.objectStore = function (name) {
    if (isRefused(this.db.name, this.mode)) throw error;
    return objectStore.call(this, name);
  };
  return () => {
    IDBDatabase.prototype.transaction = transaction;
    IDBTransaction.prototype.objectStore = objectStore;
  };
}
