import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';

/**
 * Repeats readings of a CoValue as it changes, but spends at most 1% of the main thread on them.
 */
export interface Readings {
  /** Call it in a `$derived`, which then re-runs when the next reading is due. */
  read<Answer>(reading: () => Answer): Answer;
}

const restPerWork = 100;

/** Call it in a component's initialization. `snapshot` changes at least once a second. */
export function createReadings(snapshot: () => InspectorSnapshot): Readings {
  let round = $state.raw(0);
  let restUntilMs = 0;

  $effect(() => {
    void snapshot();
    if (performance.now() >= restUntilMs) round = nextRound();
  });

  let rounds = 0;
  function nextRound(): number {
    return ++rounds;
  }

  return {
    read(reading) {
      void round;
      const beganMs = performance.now();
      const answer = reading();
      const endMs = performance.now();
      restUntilMs = Math.max(restUntilMs, endMs) + (endMs - beganMs) * restPerWork;
      return answer;
    },
  };
}
