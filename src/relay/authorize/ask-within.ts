import type { Clock } from '../../base/clock.ts';
import type { RelayOptions } from '../config/relay-options.ts';

export type Authorize = NonNullable<RelayOptions['authorize']>;
export type AuthorizeRequest = Parameters<Authorize>[0];
export type AuthorizeOutcome = 'yes' | 'no' | 'timeout' | 'error';

export interface AskOptions {
  readonly authorize: Authorize;
  readonly clock: Pick<Clock, 'after'>;
  /** Counts each question. */
  decided(outcome: AuthorizeOutcome): void;
  /** The function threw, gave something else, or was too slow. */
  failed(reason: string): void;
}

export const answerWithinMs = 1_000;

/** Asks the operator's function; what is no answer counts as no. `keep` gets what serves for later
 * questions: each yes, also one that is too late for this question, and that there was no answer. */
export function askWithin(
  request: AuthorizeRequest,
  { authorize, clock, decided, failed }: AskOptions,
  keep: (answer: boolean) => void,
): boolean | Promise<boolean> {
  function conclude(answer: unknown): boolean {
    const isYes = answer === true;
    decided(isYes ? 'yes' : answer === false ? 'no' : 'error');
    if (typeof answer !== 'boolean') failed(`it gave ${answer === null ? 'null' : typeof answer}`);
    // Only a no that was no answer is kept: a right that was just given counts at once.
    if (isYes || typeof answer !== 'boolean') keep(isYes);
    return isYes;
  }

  function fail(outcome: 'timeout' | 'error', reason: string): false {
    decided(outcome);
    failed(reason);
    keep(false);
    return false;
  }

  const failWith = (error: unknown) => fail('error', error instanceof Error ? error.name : 'it threw');

  let answer: unknown;
  try {
    answer = authorize(request);
    if (!isThenable(answer)) return conclude(answer);
  } catch (error) {
    return failWith(error);
  }
  const answering = Promise.resolve(answer);
  return new Promise((resolve) => {
    let isLate = false;
    const cancel = clock.after(answerWithinMs, () => {
      isLate = true;
      resolve(fail('timeout', `it took more than ${answerWithinMs} ms`));
    });
    answering.then(
      (settled) => {
        cancel();
        if (!isLate) resolve(conclude(settled));
        else if (settled === true) keep(true);
      },
      (error: unknown) => {
        cancel();
        if (!isLate) resolve(failWith(error));
      },
    );
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
