/** Splits long work so that the page stays responsive. */
export interface TimeSlices {
  isOver(): boolean;
  /** Resolves in a new task, which starts a new slice. */
  next(): Promise<void>;
  /** Starts a new slice now, in a task that something else has begun. */
  begin(): void;
}

export interface SliceTiming {
  readonly nowMs: () => number;
  nextTask(): Promise<unknown>;
  /** Default 8 ms. */
  readonly sliceMs?: number;
}

/** Keeps a page's response below 50 ms, even if the last step takes several times longer on a slow machine. */
export const pageSliceMs = 8;

export function createTimeSlices({ nowMs, nextTask, sliceMs = pageSliceMs }: SliceTiming): TimeSlices {
  let untilMs = nowMs() + sliceMs;
  const begin = () => void (untilMs = nowMs() + sliceMs);
  return {
    isOver: () => nowMs() >= untilMs,
    async next() {
      await nextTask();
      begin();
    },
    begin,
  };
}
