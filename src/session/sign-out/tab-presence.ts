import type { Platform } from '../../platform/platform.ts';
import { holdLock, type HeldLock } from '../session-ids/held-lock.ts';

/** Tracks which tabs are awake and have a session of an account open. A tab that crashes leaves, too. */
export interface TabPresence {
  /** The IDs of the other tabs. Undefined if the browser cannot list them. */
  others(): Promise<readonly string[] | undefined>;
  /** Idempotent. */
  leave(): void;
}

/** Each tab holds a lock, and releases it while its page is frozen, because a frozen page answers no messages. */
export function createTabPresence(
  { locks, page }: Pick<Platform, 'locks' | 'page'>,
  accountID: string,
  tab: string,
): TabPresence {
  const prefix = `maia/tab/${accountID}/`;
  let lock: Promise<HeldLock | undefined> | undefined;

  function enter(): void {
    // If the browser refuses the lock, the tab is not listed.
    lock ??= locks && holdLock(locks, prefix + tab, {}).catch(() => undefined);
  }

  function leave(): void {
    const held = lock;
    lock = undefined;
    void held?.then((lock) => lock?.release()).catch(() => {}); // A stolen lock is already gone.
  }

  enter();
  const stops = [page.on('hide', leave), page.on('show', enter)];
  return {
    async others() {
      try {
        const snapshot = await locks?.query?.();
        return snapshot?.held
          ?.flatMap(({ name }) => (name?.startsWith(prefix) ? name.slice(prefix.length) : []))
          .filter((other) => other !== tab);
      } catch {
        return undefined;
      }
    },
    leave() {
      for (const stop of stops) stop();
      leave();
    },
  };
}
