import { joinRemembered } from '../../src/storage/relay-memory.ts';
import type { RelayMemory } from '../../src/storage/remembered-relay.ts';
import type { Dice } from './random.ts';
import type { SimPage } from './sim-page.ts';
import type { SimDevice, World } from './world.ts';

const maxMs = 10;
const maxLateMs = 3_000;
const percentFailed = 10;

/** A page's access to its device's records of the relays. What the page has not finished when it ends never happens. */
export function createRelayRecords(
  { dice, lateRecords, time }: World,
  { relays }: SimDevice,
  page: SimPage,
): RelayMemory {
  const later = lateRecords ? createLateTurns(lateRecords) : soon;

  function soon<T>(run: () => T): Promise<T> {
    return new Promise((resolve) => page.clock.after(dice.between(0, maxMs), () => resolve(run())));
  }

  /** As IndexedDB does, runs them in order, and in a frozen page, too, which gets the result later. */
  function createLateTurns(lateDice: Dice) {
    let lastMs = 0;
    return <T>(run: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        lastMs = Math.max(lastMs, time.elapsedMs() + lateDice.between(0, maxLateMs));
        const isFailing = lateDice.chance(percentFailed);
        time.after(lastMs - time.elapsedMs(), () => {
          if (page.isOver) return;
          if (isFailing) return page.run(() => reject(new DOMException('no data', 'UnknownError')));
          const result = run();
          page.run(() => resolve(result));
        });
      });
  }

  return {
    read: (relayID) => later(() => relays.get(relayID)),
    write: (relayID, remembered) =>
      later(() => {
        const joined = joinRemembered(relays.get(relayID), remembered);
        relays.set(relayID, joined);
        return joined;
      }),
  };
}
