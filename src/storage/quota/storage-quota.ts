import type { Clock } from '../../base/clock.ts';
import type { StorageManagement } from '../../platform/platform.ts';
import type { StorageStatus } from '../device-storage.ts';

export type QuotaStatus = Pick<StorageStatus, 'persisted' | 'usedBytes' | 'quotaBytes'>;

/** The browser's storage quota for the whole origin, and whether it may evict the origin's data. */
export interface StorageQuota {
  /** Refreshes the estimate, at most once a minute. */
  check(): void;
  /** Requests persistent storage, once per page because some browsers prompt the user. Call when there is data to keep. */
  persist(): void;
  /** When the browser last returned an estimate, in ms since the Unix epoch. */
  readonly measuredAtMs: number | undefined;
  /** Refreshes the estimate at the user's request. */
  checkNow(): Promise<void>;
  /** Requests persistent storage at the user's request. Undefined if the browser does not answer. */
  persistNow(): Promise<boolean | undefined>;
}

const checkIntervalMs = 60_000;

export function createStorageQuota(options: {
  readonly manager: StorageManagement | undefined;
  readonly clock: Clock;
  onChange(status: QuotaStatus): void;
}): StorageQuota {
  const { manager, clock, onChange } = options;
  let status: QuotaStatus = {};
  let checkedAtMs = -Infinity;
  let measuredAtMs: number | undefined;
  let isRequested = false;

  function update(changes: QuotaStatus): void {
    status = { ...status, ...changes };
    onChange(status);
  }

  /** Undefined if the browser lacks the API or refuses. */
  function ask<T, R>(asking: Promise<T> | undefined, answered: (answer: T) => R): Promise<R | undefined> {
    return asking?.then(answered, () => undefined) ?? Promise.resolve(undefined);
  }

  function check(): void {
    if (clock.elapsedMs() - checkedAtMs >= checkIntervalMs) void checkNow();
  }

  async function checkNow(): Promise<void> {
    checkedAtMs = clock.elapsedMs();
    const measured = ask(manager?.estimate(), ({ usage, quota }) => {
      measuredAtMs = clock.nowMs();
      update({
        ...(usage !== undefined && { usedBytes: usage }),
        ...(quota !== undefined && { quotaBytes: quota }),
      });
    });
    await Promise.all([measured, ask(manager?.persisted(), (persisted) => update({ persisted }))]);
  }

  function persistNow(): Promise<boolean | undefined> {
    return ask(manager?.persist(), (persisted) => {
      update({ persisted });
      return persisted;
    });
  }

  function persist(): void {
    if (isRequested) return;
    isRequested = true;
    void ask(manager?.persisted(), (persisted) => {
      update({ persisted });
      if (!persisted) void persistNow();
    });
  }

  return {
    check,
    persist,
    get measuredAtMs() {
      return measuredAtMs;
    },
    checkNow,
    persistNow,
  };
}
