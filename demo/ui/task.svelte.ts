import { type Failure } from '../gate/failure-text.ts';
import { failureOf } from '../session/failure-of.ts';

/** Something that a person asked for, takes a while, and may fail. One at a time. */
export interface Task {
  readonly isRunning: boolean;
  /** Of the last run; none where the person ended it themselves. */
  readonly failure: Failure | undefined;
  /** True once it is done. A run that is asked for during another one does nothing. */
  run(action: (signal: AbortSignal) => Promise<unknown>): Promise<boolean>;
  /** Ends what is running, where that is still possible. */
  cancel(): void;
}

export function createTask(): Task {
  let isRunning = $state(false);
  let failure = $state.raw<Failure>();
  let abort: AbortController | undefined;

  return {
    get isRunning() {
      return isRunning;
    },
    get failure() {
      return failure;
    },
    async run(action) {
      if (isRunning) return false;
      const { signal } = (abort = new AbortController());
      isRunning = true;
      failure = undefined;
      try {
        await action(signal);
        return true;
      } catch (error) {
        if (!signal.aborted) failure = failureOf(error);
        return false;
      } finally {
        isRunning = false;
      }
    },
    cancel() {
      abort?.abort();
    },
  };
}
