/** What a page keeps in IndexedDB, to look at and to break it past the kernel. */
export interface Databases {
  names(): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
  deleteAll(): Promise<void>;
  /** One request on one store, committed. Its result is whatever stands there. */
  request<T>(
    database: string,
    store: string,
    run: (store: IDBObjectStore) => { readonly result: unknown },
  ): Promise<T>;
}

export function createDatabases(indexedDB: IDBFactory): Databases {
  async function names(): Promise<readonly string[]> {
    return (await indexedDB.databases()).flatMap(({ name }) => name ?? []).toSorted();
  }

  async function remove(name: string): Promise<void> {
    await settled(indexedDB.deleteDatabase(name));
  }

  return {
    names,
    delete: remove,
    async deleteAll() {
      for (const name of await names()) await remove(name);
    },
    async request<T>(
      database: string,
      store: string,
      run: (store: IDBObjectStore) => { readonly result: unknown },
    ): Promise<T> {
      const db = await settled(indexedDB.open(database));
      try {
        const transaction = db.transaction(store, 'readwrite');
        const request = run(transaction.objectStore(store));
        await new Promise<void>((resolve, reject) => {
          transaction.addEventListener('complete', () => resolve());
          transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('aborted')));
        });
        return request.result as T;
      } finally {
        db.close();
      }
    },
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('failed')));
  });
}
