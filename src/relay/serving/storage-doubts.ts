import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

/** Holds back what is answered from memory while the database may have gone back to an earlier state. */
export interface StorageDoubts {
  /** Compares the storage. Until that has succeeded, nothing is answered. */
  doubt(): void;
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

const firstRetryMs = 50;
const maxRetryMs = 1_000;

export function createStorageDoubts({ compare, clock, logger }: StorageDoubtsOptions): StorageDoubts {
  /** Counted, because a comparison that began earlier does not settle a doubt. */
  let doubtCount = 0;
  let isComparing = false;
  let isStopped = false;
  let held: (() => void)[] = [];
  let checks: (() => void)[] = [];

  function doubt(): void {
    doubtCount++;
    if (isComparing || isStopped) return;
    isComparing = true;
    void settle();
  }

  async function settle(): Promise<void> {
    for (let settled = -1; settled !== doubtCount;) {
      const before = doubtCount;
      await compareUntilDone();
      if (isStopped) return;
      settled = before;
    }
    isComparing = false;
    const ready = [...checks, ...held];
    checks = [];
    held = [];
    for (const run of ready) run();
  }

  async function compareUntilDone(): Promise<void> {
    for (let retryMs = firstRetryMs; !isStopped; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
      try {
        return await compare();
      } catch (error) {
        logger.warn(
          'Could not read the identity of the storage; retrying, and acknowledging nothing until then',
          {
            error,
          },
        );
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      }
    }
  }

  return {
    doubt,
    onceSure(run) {
      if (isComparing) held.push(run);
      else run();
    },
    check: () =>
      new Promise((resolve) => {
        checks.push(resolve);
        doubt();
      }),
    stop() {
      isStopped = true;
    },
  };
}
