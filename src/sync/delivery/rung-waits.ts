import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { deletionOnly, isEmpty, mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { hasReached, needOf, noEdits } from './pending-edits.ts';
import type { RungName } from '../rungs.ts';
import type { SyncTarget, WaitOptions } from '../sync-peers.ts';
import { targetID } from '../target-id.ts';
import type { Validity } from './validity.ts';
import { watchEdits, type WatchedEdits } from './watched-edits.ts';

/** Promises that wait for the edits made before the call. */
export interface RungWaits {
  when(rung: RungName, target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** Call when all edits of the CoValue have arrived everywhere. */
  done(id: string): void;
  /** A relay lacks this. While it may have lost more, promises made before must wait for it, too. */
  missing(id: string, need: KnownCounts): void;
  /** Edits of this CoValue, or of any, may have got further; the next `check` considers them. */
  changed(id?: string): void;
  /** Settles promises whose edits have arrived or cannot arrive any more. */
  check(): void;
  /** Rejects all promises, and every later call. */
  close(error: KernelError): void;
}

/** The promises for one rung. */
interface Waiting {
  readonly rung: RungName;
  readonly all: Set<Wait>;
  /** Those with no needs left. */
  readonly ready: Set<Wait>;
}

interface Wait {
  readonly waiting: Waiting;
  readonly id: string | undefined;
  /** The transaction counts that must reach the rung, by CoValue. */
  readonly needs: Map<string, KnownCounts>;
  /** Undefined for a rung on this device. */
  readonly watched: WatchedEdits | undefined;
  settle(error?: KernelError): void;
}

export function createRungWaits(options: {
  readonly ladder: Pick<Ladder, 'pending' | 'relayIDs'>;
  readonly clock: Clock;
  /** Resolves with the transaction counts of the edits that an earlier run left unconfirmed, by CoValue. */
  readonly settled: Promise<ReadonlyMap<string, KnownCounts>>;
  readonly validity: Pick<Validity, 'isUpToDate' | 'unconfirmedFrom' | 'notCounted'>;
  /** Whether what counts as confirmed is known to have reached this rung at the relays. */
  readonly isCertain: (rung: 'confirmed' | 'durable') => boolean;
  /** Why nothing can reach this rung at the moment. */
  readonly refusal: (rung: RungName) => KernelError | undefined;
}): RungWaits {
  const { ladder, clock, settled, validity, isCertain, refusal } = options;
  const waitings = new Map<RungName, Waiting>();
  /** By what they need: the work for an edit must not grow with the number of promises. */
  const waitsByID = new Map<string, Set<Wait>>();
  const changedIDs = new Set<string>();
  let isSettled = false;
  let ended: KernelError | undefined;

  void settled.then((leftBehind) => {
    isSettled = true;
    for (const wait of allWaits()) {
      for (const id of wait.id === undefined ? leftBehind.keys() : [wait.id]) {
        const need = leftBehind.get(id);
        if (need) addNeed(wait, id, need);
      }
    }
    changed();
    check();
  });

  function allWaits(): readonly Wait[] {
    return [...waitings.values()].flatMap(({ all }) => [...all]);
  }

  function waitingFor(rung: RungName): Waiting {
    const waiting = waitings.get(rung) ?? { rung, all: new Set(), ready: new Set() };
    waitings.set(rung, waiting);
    return waiting;
  }

  function addNeed(wait: Wait, id: string, need: KnownCounts): void {
    wait.needs.set(id, mergeCounts(wait.needs.get(id) ?? {}, need));
    wait.watched?.add(id, need);
    waitsByID.set(id, (waitsByID.get(id) ?? new Set()).add(wait));
    wait.waiting.ready.delete(wait);
  }

  function removeNeed(wait: Wait, id: string): void {
    wait.needs.delete(id);
    const others = waitsByID.get(id);
    others?.delete(wait);
    if (others?.size === 0) waitsByID.delete(id);
    if (wait.needs.size === 0) wait.waiting.ready.add(wait);
  }

  function needsNow(id: string | undefined): Map<string, KnownCounts> {
    const ids = id === undefined ? [...ladder.pending.keys()] : [id];
    return new Map(
      ids.flatMap((pendingID) => {
        const edits = ladder.pending.get(pendingID);
        return edits ? [[pendingID, needOf(edits)] as const] : [];
      }),
    );
  }

  /**
   * Without what this tab has made and no relay has confirmed, for which a promise that was made before waits anyway. Of
   * what another tab made, nobody here knows where the pending part begins, so all of it counts as settled.
   */
  function settledPart(id: string, need: KnownCounts): KnownCounts {
    const now = needOf(ladder.pending.get(id) ?? noEdits);
    const from = validity.unconfirmedFrom(id);
    const counts = Object.entries(need).map(([session, count]) => {
      return [
        session,
        Object.hasOwn(now, session) ? Math.min(count, from[session] ?? count) : count,
      ] as const;
    });
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
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

  function changed(id?: string): void {
    for (const changedID of id === undefined ? waitsByID.keys() : [id]) {
      if (waitsByID.has(changedID)) changedIDs.add(changedID);
    }
  }

  function checkNeed(wait: Wait, id: string): void {
    const need = wait.needs.get(id);
    if (need && isThere(wait.waiting.rung, id, need)) removeNeed(wait, id);
  }

  function check(): void {
    for (const id of changedIDs) for (const wait of waitsByID.get(id) ?? []) checkNeed(wait, id);
    changedIDs.clear();
    for (const { rung, all, ready } of waitings.values()) {
      if (all.size === 0) continue;
      const error = refusal(rung);
      if (error) for (const wait of all) wait.settle(error);
      // Not earlier: the right to make an edit may still arrive.
      else if (canResolve(rung)) for (const wait of ready) wait.settle(wait.watched?.error);
    }
  }

  function canResolve(rung: RungName): boolean {
    return isSettled && (isLocal(rung) || (isCertain(rung) && validity.isUpToDate));
  }

  async function when(
    rung: RungName,
    target: SyncTarget | undefined,
    { signal, timeoutMs }: WaitOptions = {},
  ): Promise<void> {
    const id = target === undefined ? undefined : targetID(target);
    if (signal?.aborted) throw aborted(signal);
    if (ended) throw ended;
    await new Promise<void>((resolve, reject) => {
      const stopListening = new AbortController();
      const cancel =
        timeoutMs === undefined
          ? () => {}
          : clock.after(timeoutMs, () => wait.settle(timedOut(rung, timeoutMs)));
      const waiting = waitingFor(rung);
      const wait: Wait = {
        waiting,
        id,
        needs: new Map(),
        watched: isLocal(rung) ? undefined : watchEdits(validity),
        settle(error) {
          for (const needed of wait.needs.keys()) removeNeed(wait, needed);
          waiting.all.delete(wait);
          waiting.ready.delete(wait);
          cancel();
          stopListening.abort();
          if (error) reject(error);
          else resolve();
        },
      };
      signal?.addEventListener('abort', () => wait.settle(aborted(signal)), { signal: stopListening.signal });
      waiting.all.add(wait);
      waiting.ready.add(wait);
      for (const [needed, need] of needsNow(id))
        if (!isThere(rung, needed, need)) addNeed(wait, needed, need);
      const error = refusal(rung);
      if (error || (wait.needs.size === 0 && canResolve(rung))) wait.settle(error);
    });
  }

  return {
    when,
    done(id) {
      for (const wait of waitsByID.get(id) ?? []) removeNeed(wait, id);
    },
    missing(id, need) {
      const settled = settledPart(id, need);
      if (isEmpty(settled)) return;
      for (const [rung, { all }] of waitings) {
        if (all.size === 0 || isLocal(rung) || isCertain(rung)) continue;
        for (const wait of all) if (wait.id === undefined || wait.id === id) addNeed(wait, id, settled);
      }
    },
    changed,
    check,
    close(error) {
      ended = error;
      for (const wait of allWaits()) wait.settle(error);
    },
  };
}

function isLocal(rung: RungName): rung is 'saved' | 'sent' {
  return rung === 'saved' || rung === 'sent';
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
