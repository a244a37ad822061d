import type { Clock } from '../../base/clock.ts';

/** How long content may wait for a relay's answers, or for a disk that does not answer. Adds up over connections. */
export interface Patience {
  /** Content has waited for too long on this connection, and leaves. */
  readonly isOver: boolean;
  /** Resolves when content has waited for too long, after it called `onOver`. */
  begin(): Promise<void>;
  /** Keeps what is left for the next connection. */
  pause(): void;
  /** Ends the wait. The next one is as long as the first. */
  renew(): void;
}

const patienceMs = 10_000;

export function createPatience(clock: Pick<Clock, 'after' | 'elapsedMs'>, onOver: () => void): Patience {
  let leftMs = patienceMs;
  let isOver = false;
  let stop = () => {};

  return {
    get isOver() {
      return isOver;
    },
    begin() {
      stop();
      isOver = false;
      const startedMs = clock.elapsedMs();
      return new Promise((resolve) => {
        const cancel = clock.after(leftMs, () => {
          isOver = true;
          resolve();
          onOver();
        });
        stop = () => {
          stop = () => {};
          cancel();
          leftMs = Math.max(0, leftMs - (clock.elapsedMs() - startedMs));
        };
      });
    },
    pause() {
      stop();
      isOver = false;
    },
    renew() {
      stop();
      leftMs = patienceMs;
    },
  };
}
