import { setImmediate as nextTurn } from 'node:timers/promises';

/** Reads by ID. Requests during a read are combined into the next one, where each ID occurs once. */
export interface BatchReader<Result> {
  /** Undefined if there is no such row. Rejects if the read of its batch fails. */
  read(id: string): Promise<Result | undefined>;
}

/** Two full batches at once: the database reads the next one while the first is being used. */
const maxConcurrentReads = 2;

/** `readMany` omits missing IDs, and gets no more than `maxIDs` at once. */
export function createBatchReader<Result>(
  readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Result>>,
  maxIDs = 100,
): BatchReader<Result> {
  interface Reader {
    readonly resolve: (result: Result | undefined) => void;
    readonly reject: (error: unknown) => void;
  }
  const readersByID = new Map<string, Reader[]>();
  let readCount = 0;

  function readPending(): void {
    while (readCount < maxConcurrentReads && readersByID.size >= (readCount === 0 ? 1 : maxIDs)) {
      readCount++;
      void readBatch();
    }
  }

  async function readBatch(): Promise<void> {
    const batch: (readonly [id: string, readers: readonly Reader[]])[] = [];
    for (const entry of readersByID) {
      if (batch.length === maxIDs) break;
      batch.push(entry);
      readersByID.delete(entry[0]);
    }
    try {
      const results = await readMany(batch.map(([id]) => id));
      for (const [id, readers] of batch) for (const { resolve } of readers) resolve(results.get(id));
    } catch (error) {
      for (const [, readers] of batch) for (const { reject } of readers) reject(error);
    }
    // Let sockets deliver what they received, so that the requests in it join the next batch.
    await nextTurn();
    readCount--;
    readPending();
  }

  return {
    read: (id) =>
      new Promise((resolve, reject) => {
        const readers = readersByID.get(id);
        if (readers) readers.push({ resolve, reject });
        else readersByID.set(id, [{ resolve, reject }]);
        if (readCount < maxConcurrentReads) queueMicrotask(readPending);
      }),
  };
}
