import type { RawCoValue } from 'cojson';
import type { Clock } from '../base/clock.ts';
import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import { isCoValueID } from '../wire/ids.ts';
import { deletionOnly, joined, type Coverage } from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { notAnID } from './not-an-id.ts';
import { hasReached, needOf, type RungName } from './pending-edits.ts';

/** A CoValue or its id; none: everything. */
export type SyncTarget = RawCoValue | string;

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Rejects with TIMEOUT after it. Default: none. */
  readonly timeoutMs?: number;
}

export type WaitedRung = RungName | 'durable';

/** Those who wait for the edits that were made until they asked. */
export interface RungWaits {
  when(rung: WaitedRung, target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** All edits of the CoValue have got everywhere: what they needed is forgotten. */
  done(id: string): void;
  /** Something may have got further, or cannot get there any more. */
  look(): void;
  /** Nobody is answered any more. */
  close(error: KernelError): void;
}

interface Wait {
  readonly rung: WaitedRung;
  readonly id: string | undefined;
  /** What the edits need, by CoValue. */
  readonly needs: Map<string, Coverage>;
  settle(error?: KernelError): void;
}

export function createRungWaits(options: {
  readonly ladder: Pick<Ladder, 'pending' | 'relayIDs'>;
  readonly clock: Clock;
  /** Resolves with what an earlier run left behind: what its edits need, by CoValue. */
  readonly settled: Promise<ReadonlyMap<string, Coverage>>;
  /** Why nothing gets to this rung, as things are. */
  readonly refusal: (rung: WaitedRung) => KernelError | undefined;
}): RungWaits {
  const { ladder, clock, settled, refusal } = options;
  const waits = new Set<Wait>();
  let isSettled = false;
  let ended: KernelError | undefined;

  void settled.then((leftBehind) => {
    isSettled = true;
    for (const { id, needs } of waits) {
      for (const [each, need] of leftBehind) {
        if (id === undefined || id === each) needs.set(each, joined(needs.get(each) ?? {}, need));
      }
    }
    look();
  });

  function needsNow(id: string | undefined): Map<string, Coverage> {
    const ids = id === undefined ? [...ladder.pending.keys()] : [id];
    return new Map(
      ids.flatMap((each) => {
        const edits = ladder.pending.get(each);
        return edits ? [[each, needOf(edits)] as const] : [];
      }),
    );
  }

  function isThere(rung: WaitedRung, id: string, need: Coverage): boolean {
    const edits = ladder.pending.get(id);
    if (!edits) return true;
    // Of a CoValue that was deleted meanwhile, only the deletion still has to arrive, in the place of what it ends.
    const now = needOf(edits);
    const isEnded = Object.keys(need).some((session) => !Object.hasOwn(now, session));
    const left = isEnded ? deletionOnly(now) : need;
    return hasReached(edits, rung === 'durable' ? 'confirmed' : rung, ladder.relayIDs, left);
  }

  function look(): void {
    for (const wait of [...waits]) {
      for (const [id, need] of wait.needs) if (isThere(wait.rung, id, need)) wait.needs.delete(id);
      const error = refusal(wait.rung);
      if (error) wait.settle(error);
      else if (isSettled && wait.needs.size === 0) wait.settle();
    }
  }

  async function when(
    rung: WaitedRung,
    target: SyncTarget | undefined,
    { signal, timeoutMs }: WaitOptions = {},
  ): Promise<void> {
    const id = typeof target === 'object' ? target.id : target;
    if (id !== undefined && !isCoValueID(id)) throw notAnID(id);
    if (signal?.aborted) throw aborted(signal);
    if (ended) throw ended;
    await new Promise<void>((resolve, reject) => {
      const stopListening = new AbortController();
      const cancel =
        timeoutMs === undefined
          ? () => {}
          : clock.after(timeoutMs, () => wait.settle(timedOut(rung, timeoutMs)));
      const wait: Wait = {
        ...{ rung, id, needs: needsNow(id) },
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
      look();
    });
  }

  return {
    when,
    done(id) {
      for (const wait of waits) wait.needs.delete(id);
    },
    look,
    close(error) {
      ended = error;
      for (const wait of [...waits]) wait.settle(error);
    },
  };
}

function timedOut(rung: WaitedRung, timeoutMs: number): KernelError {
  return createKernelError(
    'TIMEOUT',
    `After ${timeoutMs} ms there are still edits that are not ${rung}. They wait, and go on by themselves; the sync state says what keeps them.`,
    { details: { rung, timeoutMs } },
  );
}

function aborted({ reason }: AbortSignal): KernelError {
  return createKernelError('ABORTED', 'Waiting was ended by the app. The edits themselves go on.', {
    cause: reason,
  });
}
