import type { Platform } from '../../platform/platform.ts';
import { holdLock, type HeldLock } from '../session-ids/held-lock.ts';

/** Which tabs have a session of an account open and are awake. A tab that crashes is gone from here, too. */
export interface TabPresence {
  /** The others. Undefined where the browser does not say. */
  others(): Promise<readonly string[] | undefined>;
  /** Safe to call twice. */
  leave(): void;
}

/** By a lock for each tab, which it gives up while its page is set aside: that one answers nobody until it is back. */
export function createTabPresence(
  { locks, page }: Pick<Platform, 'locks' | 'page'>,
  accountID: string,
  tab: string,
): TabPresence {
  const prefix = `maia/tab/${accountID}/`;
  let lock: Promise<HeldLock | undefined> | undefined;

  function enter(): void {
    // A browser that refuses is one that does not say.
    lock ??= locks && holdLock(locks, prefix + tab, {}).catch(() => undefined);
  }

  function leave(): void {
    const held = lock;
    lock = undefined;
    void held?.then((each) => each?.release()).catch(() => {}); // Robbed of it, it is gone as well.
  }

  enter();
  const stops = [page.on('hide', leave), page.on('show', enter)];
  return {
    async others() {
      try {
        const snapshot = await locks?.query?.();
        return snapshot?.held
          ?.flatMap(({ name }) => (name?.startsWith(prefix) ? name.slice(prefix.length) : []))
          .filter((each) => each !== tab);
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
