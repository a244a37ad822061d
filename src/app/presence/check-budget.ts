import type { Clock } from '../../base/clock.ts';

/** How many signatures may be checked in a second, in all rooms. */
export interface CheckBudget {
  /** Takes one check for a room, while this session is in so many rooms. Returns false if none is left for it. */
  take(room: string, roomCount: number): boolean;
}

/** Half of the checks are set apart, as many for each room; the other half is for whichever frames come first. */
export function createCheckBudget(perSecond: number, clock: Pick<Clock, 'elapsedMs'>): CheckBudget {
  const half = perSecond / 2;
  const takenByRoom = new Map<string, number>();
  let takenOfAll = 0;
  let countedAtMs = clock.elapsedMs();

  return {
    take(room, roomCount) {
      if (clock.elapsedMs() - countedAtMs >= 1_000) {
        countedAtMs = clock.elapsedMs();
        takenByRoom.clear();
        takenOfAll = 0;
      }
      const taken = takenByRoom.get(room) ?? 0;
      if (taken >= Math.max(1, Math.floor(half / roomCount))) return ++takenOfAll <= half;
      takenByRoom.set(room, taken + 1);
      return true;
    },
  };
}
