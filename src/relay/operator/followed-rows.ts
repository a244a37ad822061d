import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';

/** What an operator has set, in memory as it is stored, on each relay of the storage. */
export interface FollowedRows {
  /** Reads it for the first time, once the tables are there. Rejects if the database cannot be read. */
  load(): Promise<void>;
  /** Another relay may have changed it: reads it again, until that succeeds. */
  refresh(): Promise<void>;
  /** This relay has stored something, unless `isChanged` is false. Resolves with that, once it is in force here. */
  afterChange(isChanged: boolean): Promise<boolean>;
  readonly signal: AbortSignal;
  stop(): void;
}

export interface FollowedRowsOptions<T> {
  read(): Promise<T>;
  apply(stored: T): void;
  /** This relay stored something: the others should refresh. */
  changed(): void;
  /** What the log calls it. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function followRows<T>(options: FollowedRowsOptions<T>): FollowedRows {
  const { read, apply, changed, name, clock, logger } = options;
  const ending = new AbortController();
  let reading: Promise<void> | undefined;
  let nextReading: Promise<void> | undefined;

  async function readAgain(): Promise<void> {
    const stored = await retry(read, {
      clock,
      signal: ending.signal,
      failed: (error) => logger.warn(`Could not read ${name}; retrying`, { error }),
    });
    if (stored !== undefined && !ending.signal.aborted) apply(stored);
    reading = undefined;
  }

  /** A reading that has begun may miss what was stored since. */
  function refresh(): Promise<void> {
    if (!reading) return (reading = readAgain());
    return (nextReading ??= reading.then(() => {
      nextReading = undefined;
      return refresh();
    }));
  }

  return {
    load: async () => apply(await read()),
    refresh,
    async afterChange(isChanged) {
      if (!isChanged) return false;
      changed();
      await refresh();
      return true;
    },
    signal: ending.signal,
    stop: () => ending.abort(),
  };
}
