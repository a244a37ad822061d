import type { Clock } from '../../base/clock.ts';

/** Finds a thread that is stuck in one statement: until the statement ends, the thread answers nothing. */
export interface StatementWatch {
  /** A request was sent. */
  asked(): void;
  /** The thread answered a request or a ping. */
  heard(): void;
  stop(): void;
}

export interface StatementWatchOptions {
  /** How long the statement that is running may take. Read again at each ping. */
  limitMs(): number;
  isWaiting(): boolean;
  ping(): void;
  overdue(): void;
  readonly clock: Clock;
  readonly pingEveryMs: number;
}

/**
 * Pings while requests wait, because a request may also wait for a transaction whose statements are yet to come. A statement
 * within the limit is never ended; a longer one may take up to a ping longer.
 */
export function watchStatements(options: StatementWatchOptions): StatementWatch {
  const { limitMs, isWaiting, ping, overdue, clock, pingEveryMs } = options;
  let cancel: (() => void) | undefined;
  /** Counted, because time also passes while the whole process is suspended. */
  let unanswered = 0;

  function look(): void {
    cancel = undefined;
    if (!isWaiting()) return;
    if (unanswered * pingEveryMs >= limitMs()) return overdue();
    unanswered++;
    ping();
    cancel = clock.after(pingEveryMs, look);
  }

  return {
    asked() {
      cancel ??= clock.after(pingEveryMs, look);
    },
    heard() {
      unanswered = 0;
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
