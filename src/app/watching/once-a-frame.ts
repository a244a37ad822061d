import type { Clock } from '../../base/clock.ts';
import type { Later } from './counted-readable.ts';

const frameMs = 16;

/** At the end of the turn, and at most once a frame: values that load one after another are rendered together. */
export function onceAFrame({ elapsedMs, after }: Clock): Later {
  let lastMs = -frameMs;
  return (run) => {
    const now = () => {
      lastMs = elapsedMs();
      run();
    };
    const waitMs = lastMs + frameMs - elapsedMs();
    if (waitMs > 0) after(waitMs, now);
    else queueMicrotask(now);
  };
}
