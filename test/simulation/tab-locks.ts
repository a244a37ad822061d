import type { Clock } from '../../src/base/clock.ts';
import type { Dice } from './random.ts';

/** The Web Locks of one device's browser, by which its pages find out which of them were killed. */
export interface TabLocks {
  /** Takes the lock of a page's session. Call the function that it returns when the page ends. */
  hold(sessionID: string): () => void;
  /** Resolves with undefined if they cannot be listed. `clock`: of the page that asks. */
  list(clock: Clock): Promise<readonly string[] | undefined>;
}

const maxFreeMs = 40;
const maxListMs = 20;
const percentStolen = 10;
const maxUntilStolenMs = 60_000;
const percentUnlisted = 5;

/** A lock is free a moment after its page ended. Some are stolen while their pages run. */
export function createTabLocks(clock: Clock, dice: Dice): TabLocks {
  /** By session, which later pages may reuse, the page that holds it. */
  const held = new Map<string, object>();
  return {
    hold(sessionID) {
      const page = {};
      held.set(sessionID, page);
      const free = () => void (held.get(sessionID) === page && held.delete(sessionID));
      if (dice.chance(percentStolen)) clock.after(dice.between(0, maxUntilStolenMs), free);
      return () => void clock.after(dice.between(0, maxFreeMs), free);
    },
    list: (page) =>
      new Promise((resolve) => {
        const isListed = !dice.chance(percentUnlisted);
        page.after(dice.between(0, maxListMs), () => resolve(isListed ? [...held.keys()] : undefined));
      }),
  };
}
