import { setImmediate as nextTurn } from 'node:timers/promises';

/** Reads by id; what is asked for while a read runs goes into the next one, and no id twice into the same. */
export interface BatchReader<Result> {
  /** Undefined where the id is not there. Rejects when the read of its batch does. */
  read(id: string): Promise<Result | undefined>;
}

const maxIDs = 200;

/** `readMany` leaves out what is not there. */
export function createBatchReader<Result>(
  readMany: (ids: readonly string[]) => Promise<ReadonlyMap<string, Result>>,
): BatchReader<Result> {
  interface Reader {
    readonly resolve: (result: Result | undefined) => void;
    readonly reject: (error: unknown) => void;
  }
  const readersByID = new Map<string, Reader[]>();
  let isReading = false;

  async function readAll(): Promise<void> {
    while (readersByID.size > 0) {
      const batch = [...readersByID].slice(0, maxIDs);
      for (const [id] of batch) readersByID.delete(id);
      try {
        const results = await readMany(batch.map(([id]) => id));
        for (const [id, readers] of batch) for (const { resolve } of readers) resolve(results.get(id));
      } catch (error) {
        for (const [, readers] of batch) for (const { reject } of readers) reject(error);
      }
      // PGlite works within the turn in which it was called: without this, sockets would wait for all the reads.
      await nextTurn();
    }
    isReading = false;
  }

  return {
    read: (id) =>
      new Promise((resolve, reject) => {
        const readers = readersByID.get(id);
        if (readers) readers.push({ resolve, reject });
        else readersByID.set(id, [{ resolve, reject }]);
        if (isReading) return;
        isReading = true;
        queueMicrotask(() => void readAll());
      }),
  };
}
