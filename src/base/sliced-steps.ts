import { createTimeSlices, type SliceTiming } from './time-slices.ts';

/** Runs a computation, which may yield between any two steps, to its end. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Like `atOnce`, but over as many tasks as it takes. */
export async function inSlices<T>(steps: Generator<void, T>, timing: SliceTiming): Promise<T> {
  const slices = createTimeSlices(timing);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (slices.isOver()) await slices.next();
  }
}
