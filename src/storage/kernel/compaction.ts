import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { segmentIDs, stores } from '../account-database.ts';
import { resultOf } from '../indexed-db.ts';
import { compactSegments } from './compact-segments.ts';

/** Joins records of single edits while the storage is idle. */
export interface Compaction {
  wrote(segments: number): void;
  close(): void;
}

/** Segments this tab writes before compaction runs. */
const minSegments = 64;
const idleMs = 2_000;
const afterStartMs = 10_000;
/** Average CoValues per segment below which a database consists mostly of single edits. */
const sparseDensity = 8;

export function createCompaction(options: {
  readonly clock: Clock;
  begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction>;
  isIdle(): boolean;
  nextTask(): Promise<void>;
  readonly logger: Logger;
}): Compaction {
  const { clock, begin, isIdle, nextTask, logger } = options;
  let written = 0;
  let from = 0;
  let isRunning = false;
  let isClosed = false;
  let cancel = clock.after(afterStartMs, () => void guarded(checkAll));
  let isWaiting = false;

  function wait(): void {
    if (isWaiting || isRunning || isClosed) return;
    isWaiting = true;
    cancel();
    cancel = clock.after(idleMs, () => {
      isWaiting = false;
      void guarded(compact);
    });
  }

  /** Catches segments of short visits, each of which wrote too little to trigger compaction. */
  async function checkAll(): Promise<void> {
    const store = (await begin('readonly', [stores.segments])).objectStore(stores.segments);
    const [segments, entries] = await Promise.all([
      resultOf(store.count()),
      resultOf(store.index(segmentIDs).count()),
    ]);
    if (segments >= minSegments && entries < segments * sparseDensity) await compact();
  }

  async function compact(): Promise<void> {
    for (;;) {
      if (isClosed) return;
      if (!isIdle()) break;
      const next = await compactSegments(await begin('readwrite', [stores.segments]), from);
      if (next === undefined) {
        written = 0;
        return;
      }
      from = next;
      await nextTask();
    }
    written = minSegments;
  }

  async function guarded(run: () => Promise<void>): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    try {
      await run();
    } catch (error) {
      // The transaction that failed changed nothing.
      logger.warn('Could not merge small records in this device’s database', { error });
    }
    isRunning = false;
    if (written >= minSegments) wait();
  }

  return {
    wrote(segments) {
      written += segments;
      if (written >= minSegments) wait();
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}
