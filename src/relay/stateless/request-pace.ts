import type { Clock } from '../../base/clock.ts';
import type { ReadTurns } from '../client/reading/read-turns.ts';
import { busy } from './refusal.ts';
import type { RequestMemory } from './requests.ts';

/** Shares the processor between a request and all clients of the relay, and ends one that takes too long or that the relay works on no more. */
export interface Pace {
  /** Works once it is this request's turn; call it again only after that. Throws what `work` throws, or a `StatelessRefusal`. */
  inTurn<T>(work: () => T): Promise<T>;
  close(): void;
}

const withinMs = 30_000;

export function openPace(
  { turns, clock }: { readonly turns: ReadTurns; readonly clock: Pick<Clock, 'after'> },
  memory: Pick<RequestMemory, 'check'>,
): Pace {
  const turn = turns.open();
  let isLate = false;
  const cancel = clock.after(withinMs, () => (isLate = true));
  return {
    inTurn: (work) =>
      new Promise((resolve, reject) => {
        turn.take(() => {
          try {
            memory.check();
            if (isLate) throw busy('The relay has too much to do.');
            resolve(work());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
          return 'done';
        });
      }),
    close() {
      cancel();
      turn.close();
    },
  };
}
