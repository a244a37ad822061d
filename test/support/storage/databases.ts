/** A page's IndexedDB databases, which tests read and break without the kernel. */
export interface Databases {
  names(): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
  deleteAll(): Promise<void>;
  /** Runs one request on one store, and resolves with its result after the commit. */
  request<T>(
    database: string,
    store: string,
    run: (store: IDBObjectStore) => { readonly result: unknown },
  ): Promise<T>;
  /** Once it resolves, it blocks writes to the store until the returned function is called. */
  hold(database: string, store: string): Promise<() => void>;
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
    async hold(database, store) {
      const db = await settled(indexedDB.open(database));
      let isHeld = true;
      const held = db.transaction(store, 'readwrite').objectStore(store);
      const goOn = () => {
        if (isHeld) held.count().addEventListener('success', goOn);
      };
      await settled(held.count());
      goOn();
      return () => {
        isHeld = false;
        db.close();
      };
    },
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('failed')));
  });
}
