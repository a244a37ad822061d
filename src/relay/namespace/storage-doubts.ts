import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import { sqlStateOf } from '../database/postgres-facts.ts';

/** Holds back what is answered from memory while the database may have gone back to an earlier state. */
export interface StorageDoubts {
  /** False while the storage is being compared. */
  readonly isSure: boolean;
  /** True while the storage cannot be compared. */
  readonly isFailing: boolean;
  /** Compares the storage. Until that has succeeded, nothing is answered. */
  doubt(): void;
  /**
   * Call it when a commit begins, and the result when it has succeeded: a comparison that ended meanwhile does not cover that
   * commit, so the storage is then compared again.
   */
  commitBegun(): () => void;
  /** Calls `run` at once, or after the comparison. */
  onceSure(run: () => void): void;
  /** Resolves after the next comparison. */
  check(): Promise<void>;
  stop(): void;
}

export interface StorageDoubtsOptions {
  /** Resolves once memory and the database agree. Retried if it rejects. */
  compare(): Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const retries = { firstDelayMs: 50, maxDelayMs: 1_000 };

export function createStorageDoubts({ compare, clock, logger }: StorageDoubtsOptions): StorageDoubts {
  /** Counted, because a comparison that began earlier does not settle a doubt. */
  let askedCount = 0;
  /** Without the comparisons that commits ask for, or commits that overlap would ask for another forever. */
  let doubtCount = 0;
  let isComparing = false;
  let isFailing = false;
  const ending = new AbortController();
  let held: (() => void)[] = [];
  let checks: (() => void)[] = [];

  function doubt(): void {
    doubtCount++;
    compareAgain();
  }

  function compareAgain(): void {
    askedCount++;
    if (isComparing || ending.signal.aborted) return;
    isComparing = true;
    void settle();
  }

  async function settle(): Promise<void> {
    for (let settled = -1; settled !== askedCount;) {
      const before = askedCount;
      await compareUntilDone();
      if (ending.signal.aborted) return;
      settled = before;
    }
    isComparing = false;
    const ready = [...checks, ...held];
    checks = [];
    held = [];
    for (const run of ready) run();
  }

  async function compareUntilDone(): Promise<void> {
    await retry(compare, {
      clock,
      signal: ending.signal,
      failed(error) {
        isFailing = true;
        if (isWithoutTables(error)) {
          logger.warn(
            'The database has lost the tables of the relay, so nothing is acknowledged until a backup is restored, or this relay is started again on the empty database',
          );
          return;
        }
        logger.warn(
          'Could not read the identity of the storage; retrying, and acknowledging nothing until then',
          { error },
        );
      },
      ...retries,
    });
    isFailing = false;
  }

  return {
    get isSure() {
      return !isComparing;
    },
    get isFailing() {
      return isFailing;
    },
    doubt,
    commitBegun() {
      const before = doubtCount;
      return () => {
        if (doubtCount !== before) compareAgain();
      };
    },
    onceSure(run) {
      if (isComparing) held.push(run);
      else run();
    },
    check: () =>
      new Promise((resolve) => {
        checks.push(resolve);
        compareAgain();
      }),
    stop: () => ending.abort(),
  };
}

/** As after the database was dropped and created again. */
function isWithoutTables(error: unknown): boolean {
  return sqlStateOf(error) === '42P01';
}
