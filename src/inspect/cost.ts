import type { Clock } from '../platform/clock.ts';
import type { SecondsRing } from './seconds-ring.ts';
import type { InspectorSnapshot } from './snapshot.ts';

/** What inspecting itself costs the page. */
export interface Cost {
  /** Finer than the clock. */
  readonly stopwatchMs: () => number;
  /** Does the work, and counts how long it took. */
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
  return {
    stopwatchMs,
    measured(work) {
      const beganMs = stopwatchMs();
      const answer = work();
      ring.count('cost', clock.nowMs(), stopwatchMs() - beganMs);
      return answer;
    },
    read: (nowMs) => ({
      msPerSecond: ring.perSecond('cost', nowMs, meanOfSeconds),
      eventsPerSecond: ring.perSecond('events', nowMs, meanOfSeconds),
    }),
  };
}
