import type { Clock } from '../../../base/clock.ts';

/** Repeats commits that fail, in each lane for itself. */
export interface CommitRetries<Entry> {
  /**
   * Resolves once the batch is committed, or once `stop` was called. Resolves with IDs if nothing is committed because another
   * transaction locks them; with none if it cannot be found which ones.
   */
  commit(batch: readonly Entry[], lane: number): Promise<ReadonlySet<string> | undefined>;
  /** The commits that are being attempted. */
  readonly attempts: Iterable<CommitAttempts>;
  /** Why commits are failing; undefined after a success. */
  readonly failure: unknown;
  stop(): void;
}

/** The attempts to commit one batch. Times are those of `elapsedMs`. */
export interface CommitAttempts {
  readonly begunMs: number;
  readonly failures: number;
  readonly firstFailureMs: number;
}

export interface CommitRetriesOptions<Entry> {
  /** Commits all of the batch or nothing. Retried if it rejects. `lane`: no other commit with this number runs meanwhile. */
  commit(batch: readonly Entry[], lane: number): Promise<void>;
  failed(error: unknown): void;
  /** Called after the first success following failures, which count as ongoing until it resolves. Retried if it rejects. */
  recovered?(): Promise<void>;
  /** For transient errors, which are no fault of the database: the batch is retried without calling `failed`. */
  isTransient?(error: unknown): boolean;
  /**
   * Undefined if the commit failed for another reason than a lock of another transaction. Otherwise resolves with the IDs that
   * are locked, as far as they can be found.
   */
  findLocked?(error: unknown, batch: readonly Entry[]): Promise<ReadonlySet<string>> | undefined;
  readonly clock: Clock;
}

const firstRetryMs = 50;
const maxRetryMs = 5_000;

export function createCommitRetries<Entry>(options: CommitRetriesOptions<Entry>): CommitRetries<Entry> {
  const { commit, failed, recovered, isTransient, findLocked, clock } = options;
  const attemptsByLane = new Map<number, CommitAttempts>();
  const failureByLane = new Map<number, unknown>();
  let isStopped = false;

  /** Rejects if the database may be at fault. */
  async function attempt(batch: readonly Entry[], lane: number): Promise<ReadonlySet<string> | undefined> {
    try {
      await commit(batch, lane);
      return undefined;
    } catch (error) {
      const locked = await findLocked?.(error, batch);
      if (locked) return locked;
      throw error;
    }
  }

  return {
    async commit(batch, lane) {
      const begunMs = clock.elapsedMs();
      let attempts: CommitAttempts = { begunMs, failures: 0, firstFailureMs: begunMs };
      for (let retryMs = firstRetryMs; !isStopped; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
        attemptsByLane.set(lane, attempts);
        try {
          const locked = await attempt(batch, lane);
          if (failureByLane.has(lane)) await recovered?.();
          failureByLane.delete(lane);
          attemptsByLane.delete(lane);
          return locked;
        } catch (error) {
          if (!isTransient?.(error)) {
            const { failures, firstFailureMs } = attempts;
            const isFirst = failures === 0;
            attempts = {
              begunMs,
              failures: failures + 1,
              firstFailureMs: isFirst ? clock.elapsedMs() : firstFailureMs,
            };
            attemptsByLane.set(lane, attempts);
            failureByLane.set(lane, error);
            failed(error);
          }
          await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        }
      }
      return undefined;
    },
    get attempts() {
      return attemptsByLane.values();
    },
    get failure() {
      return [...failureByLane.values()][0];
    },
    stop() {
      isStopped = true;
    },
  };
}
