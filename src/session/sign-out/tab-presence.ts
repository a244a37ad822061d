import type { Platform } from '../../platform/platform.ts';
import { holdLock, type HeldLock } from '../session-ids/held-lock.ts';

/** Tracks which tabs are awake and have an account open, or are opening it. A tab that crashes leaves, too. */
export interface TabPresence {
  /** Resolves when other tabs can see this one, or never will because the browser has no locks. */
  entered(): Promise<void>;
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
  let lock: Promise<HeldLock | undefined> | undefined;

  function enter(): void {
    // If the browser refuses the lock, the tab is not listed.
    lock ??= locks && holdLock(locks, prefixOf(accountID) + tab, {}).catch(() => undefined);
  }

  function leave(): void {
    const held = lock;
    lock = undefined;
    void held?.then((lock) => lock?.release()).catch(() => {}); // A stolen lock is already gone.
  }

  enter();
  const stops = [page.on('hide', leave), page.on('show', enter)];
  return {
    entered: async () => void (await lock),
    others: async () => (await presentTabs({ locks }, accountID))?.filter((other) => other !== tab),
    leave() {
      for (const stop of stops) stop();
      leave();
    },
  };
}

/** The IDs of all tabs that are awake and have the account open. Undefined if the browser cannot list them. */
export async function presentTabs(
  { locks }: Pick<Platform, 'locks'>,
  accountID: string,
): Promise<readonly string[] | undefined> {
  const prefix = prefixOf(accountID);
  try {
    const snapshot = await locks?.query?.();
    return snapshot?.held?.flatMap(({ name }) => (name?.startsWith(prefix) ? name.slice(prefix.length) : []));
  } catch {
    return undefined;
  }
}

function prefixOf(accountID: string): string {
  return `maia/tab/${accountID}/`;
}
