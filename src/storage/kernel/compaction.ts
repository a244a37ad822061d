import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { segmentIDs, stores } from '../account-database.ts';
import { resultOf } from '../indexed-db.ts';
import { compactSegments } from './compact-segments.ts';

/** Sees to it that single edits do not stay a record each, while nothing else is to be done. */
export interface Compaction {
  wrote(segments: number): void;
  close(): void;
}

/** Written by this tab before it is worth a look. */
const worthIt = 64;
const idleMs = 2_000;
const afterStartMs = 10_000;
/** Of CoValues in a segment, on average: fewer are a database of single edits. */
const sparse = 8;

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
  let cancel = clock.after(afterStartMs, () => void guarded(lookAtAll));
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

  /** Runs that were too short to write much may have left many. */
  async function lookAtAll(): Promise<void> {
    const store = (await begin('readonly', [stores.segments])).objectStore(stores.segments);
    const [segments, entries] = await Promise.all([
      resultOf(store.count()),
      resultOf(store.index(segmentIDs).count()),
    ]);
    if (segments >= worthIt && entries < segments * sparse) await compact();
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
    written = worthIt;
  }

  async function guarded(run: () => Promise<void>): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    try {
      await run();
    } catch (error) {
      // What is there stays as it was.
      logger.warn('Small records of this device’s database could not be joined', { error });
    }
    isRunning = false;
    if (written >= worthIt) wait();
  }

  return {
    wrote(segments) {
      written += segments;
      if (written >= worthIt) wait();
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}
