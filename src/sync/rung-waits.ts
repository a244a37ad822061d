import type { Clock } from '../base/clock.ts';
import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import { isCoValueID } from '../wire/ids.ts';
import { deletionOnly, mergeCounts, type KnownCounts } from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { invalidCoValueID } from './invalid-covalue-id.ts';
import { hasReached, needOf } from './pending-edits.ts';
import type { RungName } from './rungs.ts';
import type { SyncTarget, WaitOptions } from './sync-peers.ts';

/** Promises that wait for the edits made before the call. */
export interface RungWaits {
  when(rung: RungName, target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** Call when all edits of the CoValue have arrived everywhere. */
  done(id: string): void;
  /** Settles promises whose edits have arrived or cannot arrive any more. */
  check(): void;
  /** Rejects all promises, and every later call. */
  close(error: KernelError): void;
}

interface Wait {
  readonly rung: RungName;
  readonly id: string | undefined;
  /** The transaction counts that must reach the rung, by CoValue. */
  readonly needs: Map<string, KnownCounts>;
  settle(error?: KernelError): void;
}

export function createRungWaits(options: {
  readonly ladder: Pick<Ladder, 'pending' | 'relayIDs'>;
  readonly clock: Clock;
  /** Resolves with the transaction counts of the edits that an earlier run left unconfirmed, by CoValue. */
  readonly settled: Promise<ReadonlyMap<string, KnownCounts>>;
  /** Why nothing can reach this rung at the moment. */
  readonly refusal: (rung: RungName) => KernelError | undefined;
}): RungWaits {
  const { ladder, clock, settled, refusal } = options;
  const waits = new Set<Wait>();
  let isSettled = false;
  let ended: KernelError | undefined;

  void settled.then((leftBehind) => {
    isSettled = true;
    for (const { id, needs } of waits) {
      for (const [foundID, need] of leftBehind) {
        if (id === undefined || id === foundID)
          needs.set(foundID, mergeCounts(needs.get(foundID) ?? {}, need));
      }
    }
    check();
  });

  function needsNow(id: string | undefined): Map<string, KnownCounts> {
    const ids = id === undefined ? [...ladder.pending.keys()] : [id];
    return new Map(
      ids.flatMap((pendingID) => {
        const edits = ladder.pending.get(pendingID);
        return edits ? [[pendingID, needOf(edits)] as const] : [];
      }),
    );
  }

  function isThere(rung: RungName, id: string, need: KnownCounts): boolean {
    const edits = ladder.pending.get(id);
    if (!edits) return true;
    // If the CoValue was deleted in the meantime, only the deletion still has to arrive.
    const now = needOf(edits);
    const isEnded = Object.keys(need).some((session) => !Object.hasOwn(now, session));
    const left = isEnded ? deletionOnly(now) : need;
    return hasReached(edits, rung === 'durable' ? 'confirmed' : rung, ladder.relayIDs, left);
  }

  function check(): void {
    for (const wait of [...waits]) {
      for (const [id, need] of wait.needs) if (isThere(wait.rung, id, need)) wait.needs.delete(id);
      const error = refusal(wait.rung);
      if (error) wait.settle(error);
      else if (isSettled && wait.needs.size === 0) wait.settle();
    }
  }

  async function when(
    rung: RungName,
    target: SyncTarget | undefined,
    { signal, timeoutMs }: WaitOptions = {},
  ): Promise<void> {
    const id = typeof target === 'object' ? target.id : target;
    if (id !== undefined && !isCoValueID(id)) throw invalidCoValueID(id);
    if (signal?.aborted) throw aborted(signal);
    if (ended) throw ended;
    await new Promise<void>((resolve, reject) => {
      const stopListening = new AbortController();
      const cancel =
        timeoutMs === undefined
          ? () => {}
          : clock.after(timeoutMs, () => wait.settle(timedOut(rung, timeoutMs)));
      const wait: Wait = {
        rung,
        id,
        needs: needsNow(id),
        settle(error) {
          waits.delete(wait);
          cancel();
          stopListening.abort();
          if (error) reject(error);
          else resolve();
        },
      };
      signal?.addEventListener('abort', () => wait.settle(aborted(signal)), { signal: stopListening.signal });
      waits.add(wait);
      check();
    });
  }

  return {
    when,
    done(id) {
      for (const wait of waits) wait.needs.delete(id);
    },
    check,
    close(error) {
      ended = error;
      for (const wait of [...waits]) wait.settle(error);
    },
  };
}

function timedOut(rung: RungName, timeoutMs: number): KernelError {
  return createKernelError(
    'TIMEOUT',
    `After ${timeoutMs} ms, some edits are still not ${rung}. Sync continues automatically; the sync state shows what is delaying it.`,
    { details: { rung, timeoutMs } },
  );
}

function aborted({ reason }: AbortSignal): KernelError {
  return createKernelError('ABORTED', 'The app stopped waiting. Sync continues.', {
    cause: reason,
  });
}
