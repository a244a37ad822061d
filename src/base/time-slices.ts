/** Work that takes long, cut so that the page can do other things in between. */
export interface TimeSlices {
  /** The work of this task has taken its time. */
  isOver(): boolean;
  /** Resolves in a task of its own, in which a new slice begins. */
  next(): Promise<void>;
  /** A new slice begins now, in a task that something else has begun. */
  begin(): void;
}

export interface SliceTiming {
  readonly nowMs: () => number;
  nextTask(): Promise<void>;
}

/** A page should answer within 50 ms, also where a slow machine takes several times as long over the last piece. */
export const sliceMs = 8;

export function createTimeSlices({ nowMs, nextTask }: SliceTiming): TimeSlices {
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
