import type { Clock } from '../base/clock.ts';
import type { StorageManagement } from '../platform/platform.ts';
import type { StorageStatus } from './device-storage.ts';

export type Room = Pick<StorageStatus, 'persisted' | 'usedBytes' | 'quotaBytes'>;

/** What the browser says of the room that it gives to the whole origin, and whether it may take what is there away. */
export interface StorageRoom {
  /** Asks how much there is, and whether it is kept, but not more often than once a minute. */
  look(): void;
  /** Asks the browser to keep what is here: once, as some browsers ask the person. For when there is something to keep. */
  keep(): void;
  /** When the browser last said how much there is, in ms since the Unix epoch. */
  readonly measuredAtMs: number | undefined;
  /** Asks once more, at a person's wish: now how much there is, or to keep it. Undefined where the browser does not say. */
  lookNow(): Promise<void>;
  keepNow(): Promise<boolean | undefined>;
}

const lookAgainMs = 60_000;

export function createStorageRoom(options: {
  readonly manager: StorageManagement | undefined;
  readonly clock: Clock;
  told(room: Room): void;
}): StorageRoom {
  const { manager, clock, told } = options;
  let room: Room = {};
  let lookedAtMs = -Infinity;
  let measuredAtMs: number | undefined;
  let isAsked = false;

  function tell(more: Room): void {
    room = { ...room, ...more };
    told(room);
  }

  /** A browser that does not say is a browser that does not say. */
  function ask<T, R>(asking: Promise<T> | undefined, answered: (answer: T) => R): Promise<R | undefined> {
    return asking?.then(answered, () => undefined) ?? Promise.resolve(undefined);
  }

  function look(): void {
    if (clock.nowMs() - lookedAtMs >= lookAgainMs) void lookNow();
  }

  async function lookNow(): Promise<void> {
    lookedAtMs = clock.nowMs();
    const measured = ask(manager?.estimate(), ({ usage, quota }) => {
      measuredAtMs = clock.nowMs();
      tell({
        ...(usage !== undefined && { usedBytes: usage }),
        ...(quota !== undefined && { quotaBytes: quota }),
      });
    });
    await Promise.all([measured, ask(manager?.persisted(), (persisted) => tell({ persisted }))]);
  }

  function keepNow(): Promise<boolean | undefined> {
    return ask(manager?.persist(), (persisted) => {
      tell({ persisted });
      return persisted;
    });
  }

  function keep(): void {
    if (isAsked) return;
    isAsked = true;
    void ask(manager?.persisted(), (persisted) => {
      tell({ persisted });
      if (!persisted) void keepNow();
    });
  }

  return {
    look,
    keep,
    get measuredAtMs() {
      return measuredAtMs;
    },
    lookNow,
    keepNow,
  };
}
