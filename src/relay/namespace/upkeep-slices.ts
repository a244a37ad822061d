import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';

/** For work on all CoValues or all connections: clients wait for each turn of the event loop. */
export function createUpkeepSlices(clock: Pick<Clock, 'elapsedMs'>): TimeSlices {
  return createTimeSlices({ nowMs: clock.elapsedMs, nextTask: nextTurn, sliceMs: 2 });
}
