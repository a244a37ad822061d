import { startTabOn } from './actions.ts';
import type { Dice } from './random.ts';
import type { ConnectKills } from './world.ts';

/** Most of what a device compares and sends again takes place in the first moment. */
const maxMs = [200, 400, 1_000];
const percentOfFirst = 70;
const percentOfOthers = 5;
/** Until somebody opens a page again. */
const maxPauseMs = 3_000;

/** `dice`: undefined for a run without these kills. */
export function createConnectKills(dice: Dice | undefined): ConnectKills {
  /** How many restores of the relay the device has seen, by both names. */
  const seen = new Map<string, number>();
  return {
    connected(world, tab, { name, restores }) {
      if (!dice || restores === 0) return;
      const place = `${tab.device.name} ${name}`;
      const isFirst = seen.get(place) !== restores;
      seen.set(place, restores);
      if (!dice.chance(isFirst ? percentOfFirst : percentOfOthers)) return;
      const ms = dice.between(0, dice.oneOf(maxMs) ?? 0);
      world.time.after(ms, () => {
        if (world.isOver || !tab.isOpen) return;
        // The device's other pages may have noticed the restore, too.
        const killed = dice.chance(50) ? [...tab.device.tabs] : [tab];
        for (const page of killed) page.kill();
        world.note(
          `${ms} ms after ${tab.name} connected to ${name}, ${killed.length} pages of the device are killed`,
        );
        world.time.after(dice.between(0, maxPauseMs), () => {
          if (!world.isOver && tab.device.tabs.length + tab.device.starting === 0)
            world.note(`${startTabOn(world, tab.device)} starts`);
        });
      });
    },
  };
}
