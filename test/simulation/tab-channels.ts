import type { TabChannel } from '../../src/platform/platform.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Dice } from './random.ts';

/** The BroadcastChannels of one device's browser. */
export interface TabChannels {
  /** Nothing is received once `isRunning` says that the page has ended. */
  open(name: string, page: ListeningPage): TabChannel;
}

export interface ListeningPage {
  readonly isRunning: () => boolean;
  received(message: unknown): void;
}

interface Listener {
  readonly name: string;
  readonly page: ListeningPage;
  /** When the last of what is on its way to it arrives. */
  lastMs: number;
  isClosed: boolean;
}

const longestMs = 6;
/** A browser has taken what a page posted; now and then that page is gone before. */
const percentLost = 30;

/** What is posted arrives a little later, at each tab in the order in which it was posted, from all that are there. */
export function createTabChannels(clock: Clock, dice: Dice): TabChannels {
  const listeners = new Set<Listener>();

  return {
    open(name, page) {
      const own: Listener = { name, page, lastMs: 0, isClosed: false };
      listeners.add(own);
      return {
        post(message) {
          if (own.isClosed || !page.isRunning()) return;
          const others = [...listeners].filter((each) => each !== own && each.name === name);
          if (others.length === 0) return;
          const isKept = !dice.chance(percentLost);
          for (const other of others) {
            const copy: unknown = structuredClone(message);
            other.lastMs = Math.max(other.lastMs, clock.nowMs() + dice.between(0, longestMs));
            clock.after(other.lastMs - clock.nowMs(), () => {
              if (other.isClosed || !other.page.isRunning()) return;
              if (isKept || page.isRunning() || own.isClosed) other.page.received(copy);
            });
          }
        },
        close() {
          own.isClosed = true;
          listeners.delete(own);
        },
      };
    },
  };
}
