import type { Clock } from '../../base/clock.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import type { SecondsRing } from './seconds-ring.ts';

export interface Cost {
  /** Has a finer resolution than the clock. */
  readonly stopwatchMs: () => number;
  /** Runs the work and adds its duration; nested work counts once. */
  measured<Answer>(work: () => Answer): Answer;
  read(nowMs: number): InspectorSnapshot['cost'];
}

const meanSeconds = 5;

export function createCost(options: {
  readonly ring: SecondsRing;
  readonly clock: Clock;
  readonly stopwatchMs: () => number;
}): Cost {
  const { ring, clock, stopwatchMs } = options;
  let isMeasuring = false;
  return {
    stopwatchMs,
    measured(work) {
      if (isMeasuring) return work();
      isMeasuring = true;
      const beganMs = stopwatchMs();
      try {
        return work();
      } finally {
        isMeasuring = false;
        ring.count('cost', clock.nowMs(), stopwatchMs() - beganMs);
      }
    },
    read: (nowMs) => ({
      msPerSecond: ring.perSecond('cost', nowMs, meanSeconds),
      eventsPerSecond: ring.perSecond('events', nowMs, meanSeconds),
    }),
  };
}
