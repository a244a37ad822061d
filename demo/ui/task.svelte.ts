import { type Failure } from '../gate/failure-text.ts';
import { failureOf } from '../session/failure-of.ts';

/** An asynchronous action that may fail. Only one run at a time. */
export interface Task {
  readonly isRunning: boolean;
  /** The failure of the last run. Undefined if the user cancelled it. */
  readonly failure: Failure | undefined;
  /** Resolves to true on success. Does nothing and resolves to false while another run is in progress. */
  run(action: (signal: AbortSignal) => Promise<unknown>): Promise<boolean>;
  /** Aborts the current run, if it can still be aborted. */
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
