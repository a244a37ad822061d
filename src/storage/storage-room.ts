import type { Clock } from '../platform/clock.ts';
import type { StorageManagement } from '../platform/platform.ts';
import type { StorageStatus } from './device-storage.ts';

export type Room = Pick<StorageStatus, 'persisted' | 'usedBytes' | 'quotaBytes'>;

/** What the browser says of the room that it gives to the whole origin, and whether it may take what is there away. */
export interface StorageRoom {
  /** Asks how much there is, and whether it is kept, but not more often than once a minute. */
  look(): void;
  /** Asks the browser to keep what is here: once, as some browsers ask the person. For when there is something to keep. */
  keep(): void;
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
  let isAsked = false;

  function tell(more: Room): void {
    room = { ...room, ...more };
    told(room);
  }

  /** A browser that does not say is a browser that does not say. */
  function ask<T>(asking: Promise<T> | undefined, answered: (answer: T) => void): void {
    asking?.then(answered, () => {});
  }

  function look(): void {
    const nowMs = clock.nowMs();
    if (nowMs - lookedAtMs < lookAgainMs) return;
    lookedAtMs = nowMs;
    ask(manager?.estimate(), ({ usage, quota }) =>
      tell({
        ...(usage !== undefined && { usedBytes: usage }),
        ...(quota !== undefined && { quotaBytes: quota }),
      }),
    );
    ask(manager?.persisted(), (persisted) => tell({ persisted }));
  }

  function keep(): void {
    if (isAsked) return;
    isAsked = true;
    ask(manager?.persisted(), (persisted) => {
      tell({ persisted });
      if (!persisted) ask(manager?.persist(), (granted) => tell({ persisted: granted }));
    });
  }

  return { look, keep };
}
