import type { InspectorSnapshot } from '../../src/inspect/snapshot.ts';

/**
 * Readings of one CoValue, made again with what is new, and seldomer when they take long: however much there is, they take
 * no more than a hundredth of the main thread.
 */
export interface Readings {
  /** Inside of a `$derived`, which is made again when it is time. */
  read<Answer>(reading: () => Answer): Answer;
}

const restPerWork = 100;

/** To be made while a component is; `snapshot` says when there is something new, at least once a second. */
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
