import type { Clock } from '../../base/clock.ts';
import type { SecondsRing } from './seconds-ring.ts';
import type { InspectorSnapshot } from '../snapshot.ts';

/** What inspecting itself costs the page. */
export interface Cost {
  /** Finer than the clock. */
  readonly stopwatchMs: () => number;
  /** Does the work, and counts how long it took; of work within work, the outer one alone. */
  measured<Answer>(work: () => Answer): Answer;
  read(nowMs: number): InspectorSnapshot['cost'];
}

const meanOfSeconds = 5;

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
      msPerSecond: ring.perSecond('cost', nowMs, meanOfSeconds),
      eventsPerSecond: ring.perSecond('events', nowMs, meanOfSeconds),
    }),
  };
}
