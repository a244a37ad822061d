import type { TabChannel } from '../../src/platform/platform.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Dice } from './random.ts';

/** The BroadcastChannels of one device's browser. */
export interface TabChannels {
  /** A page receives nothing once `isRunning` returns false. */
  open(name: string, page: ListeningPage): TabChannel;
}

export interface ListeningPage {
  readonly isRunning: () => boolean;
  received(message: unknown): void;
}

interface Listener {
  readonly name: string;
  readonly page: ListeningPage;
  /** When its last message in transit arrives. */
  lastMs: number;
  isClosed: boolean;
}

const maxDelayMs = 6;
/** How many of a page's last messages are lost if it ends before they arrive. */
const percentLost = 30;

/** Delivers messages after a short delay, to each tab in the order of posting. */
export function createTabChannels(clock: Clock, dice: Dice): TabChannels {
  const listeners = new Set<Listener>();

  return {
    open(name, page) {
      const self: Listener = { name, page, lastMs: 0, isClosed: false };
      listeners.add(self);
      return {
        post(message) {
          if (self.isClosed || !page.isRunning()) return;
          const others = [...listeners].filter((other) => other !== self && other.name === name);
          if (others.length === 0) return;
          const isKept = !dice.chance(percentLost);
          for (const other of others) {
            const copy: unknown = structuredClone(message);
            other.lastMs = Math.max(other.lastMs, clock.nowMs() + dice.between(0, maxDelayMs));
            clock.after(other.lastMs - clock.nowMs(), () => {
              if (other.isClosed || !other.page.isRunning()) return;
              if (isKept || page.isRunning() || self.isClosed) other.page.received(copy);
            });
          }
        },
        close() {
          self.isClosed = true;
          listeners.delete(self);
        },
      };
    },
  };
}
