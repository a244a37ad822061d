import { setImmediate as nextTurn } from 'node:timers/promises';

/** Reads by id; what is asked for while a read runs goes into the next one, and no id twice into the same. */
export interface BatchReader<Result> {
  /** Undefined where the id is not there. Rejects when the read of its batch does. */
  read(id: string): Promise<Result | undefined>;
}

const maxIDs = 100;
/** Of full batches: while one is put to use, the database is at work on the next. */
const readsAtOnce = 2;

/** `readMany` leaves out what is not there. */
export function createBatchReader<Result>(
  readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Result>>,
): BatchReader<Result> {
  interface Reader {
    readonly resolve: (result: Result | undefined) => void;
    readonly reject: (error: unknown) => void;
  }
  const readersByID = new Map<string, Reader[]>();
  let readCount = 0;

  function readWhatWaits(): void {
    while (readCount < readsAtOnce && readersByID.size >= (readCount === 0 ? 1 : maxIDs)) {
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
    // What sockets have received meanwhile is read now, and what it asks for goes into the next batch too.
    await nextTurn();
    readCount--;
    readWhatWaits();
  }

  return {
    read: (id) =>
      new Promise((resolve, reject) => {
        const readers = readersByID.get(id);
        if (readers) readers.push({ resolve, reject });
        else readersByID.set(id, [{ resolve, reject }]);
        if (readCount < readsAtOnce) queueMicrotask(readWhatWaits);
      }),
  };
}
