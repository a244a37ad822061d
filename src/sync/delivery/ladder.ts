import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import type { RungTap } from '../inspection.ts';
import type { Rung } from '../sync-state.ts';
import { isEmpty, missingIn, missingSessions, type KnownCounts } from '../../engine/known-counts.ts';
import * as pendingEdits from './pending-edits.ts';
import type { PendingEdits } from './pending-edits.ts';
import { countedRungs, type CountedRung } from '../rungs.ts';
import type { PendingDebts } from '../../storage/ledger.ts';

/** How far each CoValue's edits have got, according to the caller. Forgets edits that have arrived at every relay. */
export interface Ladder {
  readonly pending: ReadonlyMap<string, PendingEdits>;
  /** The IDs of all relays that an edit must reach. Empty before `useRelays`. */
  readonly relayIDs: readonly string[];
  useRelays(ids: readonly string[]): void;
  /** An edit was made (in this call, if `isMade`) or imported. */
  edited(id: string, need: KnownCounts, isMade?: true): void;
  /** The ledger says that the CoValue has pending edits: those of an earlier run, or with `isElsewhere` of another tab. */
  recalled(id: string, debts: Recalled, isElsewhere?: true): void;
  /** What the ledger said is pending, read again. Counts what relays do not need, if this tab has not found otherwise since. */
  recounted(id: string, debts: Recalled): void;
  /** A relay lacks what this device saved earlier. Without `relayID`, all relays lack it. */
  missing(id: string, need: KnownCounts, relayID?: string): void;
  /** Another tab has saved an edit, and is responsible for it until this tab sends it. */
  savedElsewhere(id: string, need: KnownCounts): void;
  /** Whether this tab is responsible for pending edits of the CoValue: it made them, recalled them, or sent them. */
  isOwn(id: string): boolean;
  /** The CoValue was deleted, here or elsewhere, so only the deletion has to arrive. */
  deleted(id: string, deletion: KnownCounts): void;
  /** Another tab has released what is pending beyond this. */
  released(id: string, left: KnownCounts): void;
  saved(id: string, counts: KnownCounts): void;
  sent(id: string, counts: KnownCounts, relayID: string): void;
  /** With `isHearsay`, another tab says so, and writes it to the ledger itself. */
  confirmed(id: string, counts: KnownCounts, relayID: string, isHearsay?: true): void;
  failed(id: string, error: KernelError, relayID: string): void;
  /** Forgets what was sent: it may be lost. */
  connectionLost(relayID: string): void;
  /** The relay has lost data, or is another one: forgets what it has confirmed. What it has, it reports again. */
  relayLost(relayID: string): void;
  /** Whether an edit of the CoValue is waiting for this rung. */
  isPending(id: string, rung: CountedRung): boolean;
  /** Whether an edit that this tab is responsible for is waiting for this rung. */
  hasOwnPending(rung: CountedRung): boolean;
  count(rung: CountedRung): Pick<Rung, 'pending' | 'oldestSinceMs'>;
  /** By CoValue, since when its oldest edit has been waiting for each rung. */
  readonly waiting: Readonly<Record<CountedRung, ReadonlyMap<string, number>>>;
  /** Sets the only listener. Costs nothing while unset. */
  setTap(tap: RungTap | undefined): void;
  /** The error of the CoValue that has been stuck longest, if a relay or this device reported one. */
  readonly firstError: KernelError | undefined;
}

/** What the ledger says of one CoValue. */
export type Recalled = Omit<PendingDebts, 'whole'>;

export interface LadderEvents {
  /** Every relay, or the one given, must get this much. */
  onOwed(id: string, need: KnownCounts, relayID?: string): void;
  /** The relay has this much of what is owed. */
  onSettled(id: string, counts: KnownCounts, relayID: string): void;
  /** This much is no longer owed. */
  onReleased(id: string, counts: KnownCounts): void;
  /** This tab is responsible for the CoValue's edits from now on. */
  onPending(id: string): void;
  /** All edits have arrived everywhere. `isOwn` is false if another tab was responsible for all of them. */
  onDone(id: string, edits: PendingEdits, isOwn: boolean): void;
  /** The relay has all edits of the CoValue. */
  onConfirmed(id: string, relayID: string): void;
  /** A relay lacks what this device saved earlier, and may have confirmed, according to it or to the ledger. */
  onMissing(id: string, need: KnownCounts): void;
  /** Without an ID, any CoValue may be affected. */
  onChange(id?: string): void;
}

export function createLadder(
  options: LadderEvents & {
    readonly clock: Clock;
    /** False if this device stores nothing: then edits are done once they are confirmed. */
    readonly canSave: () => boolean;
    /** False if a later generation of the relay's data is known, in which earlier confirmations count no more. */
    readonly isCurrent: (relayID: string, generation: number) => boolean;
  },
): Ladder {
  const {
    clock,
    canSave,
    isCurrent,
    onOwed,
    onSettled,
    onReleased,
    onPending,
    onDone,
    onConfirmed,
    onMissing,
    onChange,
  } = options;
  const pending = new Map<string, PendingEdits>();
  /** CoValues that this tab is responsible for. */
  const ownCoValueIDs = new Set<string>();
  /** Updated with each change, because scanning thousands of CoValues takes a long time. */
  const waiting: Readonly<Record<CountedRung, Map<string, number>>> = {
    saved: new Map(),
    sent: new Map(),
    confirmed: new Map(),
  };
  const errors = new Map<string, KernelError>();
  /** By CoValue, those of several relays to which everything is owed. Without an entry: all. */
  const owedRelays = new Map<string, Set<string>>();
  let relayIDs: readonly string[] = [];
  let tap: RungTap | undefined;

  function update(id: string, change: (edits: PendingEdits) => PendingEdits): void {
    const edits = pending.get(id);
    if (!edits) return;
    const next = change(edits);
    if (next === edits) return;
    pending.set(id, next);
    updateWaiting(id, next);
    if (isDone(id)) {
      pending.delete(id);
      for (const rung of countedRungs) waiting[rung].delete(id);
      errors.delete(id);
      owedRelays.delete(id);
      tap?.('ended', id, {});
      onDone(id, next, ownCoValueIDs.delete(id));
    }
    onChange(id);
  }

  function needNow(id: string): KnownCounts {
    return pendingEdits.needOf(pending.get(id) ?? pendingEdits.noEdits);
  }

  function updateWaiting(id: string, edits: PendingEdits): void {
    for (const rung of countedRungs) {
      const sinceMs = pendingEdits.pendingSinceMs(edits, rung, relayIDs);
      if (sinceMs === undefined) waiting[rung].delete(id);
      else waiting[rung].set(id, sinceMs);
    }
    const error = pendingEdits.errorOf(edits);
    if (error) errors.set(id, error);
    else errors.delete(id);
  }

  function isDone(id: string): boolean {
    return (!waiting.saved.has(id) || !canSave()) && !waiting.confirmed.has(id);
  }

  function withEdit(edits: PendingEdits, need: KnownCounts): PendingEdits {
    return pendingEdits.withEdit(edits, need, clock, (earlier) =>
      countedRungs.every(
        (rung) => (rung === 'saved' && !canSave()) || pendingEdits.hasReached(edits, rung, relayIDs, earlier),
      ),
    );
  }

  /** What is pending may be owed to other relays only. */
  function isOwedTo(id: string, relayID: string | undefined): boolean {
    return relayID === undefined || owedRelays.get(id)?.has(relayID) !== false;
  }

  function currentOf({ confirmed, generations }: Recalled): readonly (readonly [string, KnownCounts])[] {
    return [...confirmed].filter(([relayID]) => isCurrent(relayID, generations.get(relayID) ?? 0));
  }

  function confirm(id: string, counts: KnownCounts, relayID: string, isHearsay?: true): void {
    const before = pending.get(id);
    if (!before) return;
    tap?.('confirmed', id, counts, relayID);
    const after = pendingEdits.withConfirmed(before, relayID, counts);
    const settled = pendingEdits.newlyConfirmed(before, after, relayID);
    if (!isHearsay && !isEmpty(settled)) onSettled(id, settled, relayID);
    const isNews =
      !pendingEdits.isAt(before, 'confirmed', relayID) && pendingEdits.isAt(after, 'confirmed', relayID);
    if (isNews) onConfirmed(id, relayID);
    update(id, () => after);
  }

  function begin(id: string): void {
    if (!pending.has(id)) pending.set(id, pendingEdits.noEdits);
    answerFor(id);
  }

  function answerFor(id: string): void {
    if (ownCoValueIDs.has(id)) return;
    ownCoValueIDs.add(id);
    onPending(id);
  }

  function forget(relayID: string, without: typeof pendingEdits.withoutRelay): void {
    for (const [id, before] of pending) {
      const edits = without(before, relayID);
      if (edits === before) continue;
      pending.set(id, edits);
      updateWaiting(id, edits);
    }
    onChange();
  }

  return {
    pending,
    get relayIDs() {
      return relayIDs;
    },
    useRelays(ids) {
      relayIDs = ids;
      for (const [id, edits] of pending) updateWaiting(id, edits);
      onChange();
    },
    edited(id, need, isMade) {
      if (isMade) tap?.('made', id, need);
      onOwed(id, need);
      begin(id);
      update(id, (edits) => withEdit(edits, need));
    },
    recalled(id, recalled, isElsewhere) {
      const { sinceMs, need } = recalled;
      // What this tab has pending without an entry is owed to all.
      if (relayIDs.length > 1 && !pending.has(id)) owedRelays.set(id, new Set());
      // Another tab may have found first that a relay lacks it.
      if (isElsewhere) onMissing(id, missingIn(needNow(id), need));
      else begin(id);
      if (!pending.has(id)) pending.set(id, pendingEdits.noEdits);
      update(id, (edits) => {
        const isNew = !isEmpty(missingIn(pendingEdits.needOf(edits), need));
        const all = isNew ? pendingEdits.withEarlierEdit(edits, need, sinceMs) : edits;
        return currentOf(recalled)
          .filter(([relayID]) => !isElsewhere || !isOwedTo(id, relayID))
          .reduce(
            (before, [relayID, counts]) => pendingEdits.withConfirmed(before, relayID, counts),
            pendingEdits.withSaved(all, need),
          );
      });
    },
    recounted(id, recalled) {
      for (const [relayID, counts] of currentOf(recalled))
        if (!isOwedTo(id, relayID)) confirm(id, counts, relayID, true);
    },
    missing(id, need, relayID) {
      if (isEmpty(need)) return;
      onMissing(id, need);
      if (relayID !== undefined) update(id, (edits) => pendingEdits.withoutConfirmed(edits, relayID, need));
      const unknown = missingIn(needNow(id), need);
      const owed = isOwedTo(id, relayID) ? unknown : need;
      if (isEmpty(owed)) return;
      onOwed(id, owed, relayID);
      if (relayID !== undefined && relayIDs.length > 1)
        owedRelays.set(id, (owedRelays.get(id) ?? new Set()).add(relayID));
      if (isEmpty(unknown)) return;
      begin(id);
      // Edits that are not pending were saved earlier, by any tab.
      update(id, (edits) => withEdit(pendingEdits.withSaved(edits, unknown), unknown));
    },
    savedElsewhere(id, need) {
      const unknown = missingIn(needNow(id), need);
      if (isEmpty(unknown)) return;
      if (!pending.has(id)) pending.set(id, pendingEdits.noEdits);
      update(id, (edits) => withEdit(pendingEdits.withSaved(edits, unknown), unknown));
    },
    isOwn: (id) => ownCoValueIDs.has(id),
    deleted(id, deletion) {
      update(id, (edits) => {
        const left = pendingEdits.onlyDeletion(edits);
        const ended = missingSessions(pendingEdits.needOf(left), pendingEdits.needOf(edits));
        if (isEmpty(ended)) return edits;
        onOwed(id, deletion);
        onReleased(id, ended);
        return withEdit(left, deletion);
      });
    },
    released: (id, left) => update(id, (edits) => pendingEdits.upTo(edits, left)),
    saved(id, counts) {
      tap?.('saved', id, counts);
      update(id, (edits) => pendingEdits.withSaved(edits, counts));
    },
    sent(id, counts, relayID) {
      tap?.('sent', id, counts, relayID);
      // Every tab sends the header of a CoValue that the relay lacks.
      if (pending.has(id) && !isEmpty(missingSessions({ header: 1 }, counts))) answerFor(id);
      update(id, (edits) => pendingEdits.withSent(edits, relayID, counts, clock.nowMs()));
    },
    confirmed: confirm,
    failed: (id, error, relayID) => update(id, (edits) => pendingEdits.withError(edits, relayID, error)),
    connectionLost: (relayID) => forget(relayID, pendingEdits.withoutConnection),
    relayLost: (relayID) => forget(relayID, pendingEdits.withoutRelay),
    isPending: (id, rung) => waiting[rung].has(id),
    hasOwnPending: (rung) => [...ownCoValueIDs].some((id) => waiting[rung].has(id)),
    count(rung) {
      let oldestSinceMs = Infinity;
      for (const sinceMs of waiting[rung].values()) oldestSinceMs = Math.min(oldestSinceMs, sinceMs);
      const { size } = waiting[rung];
      return size === 0 ? { pending: 0 } : { pending: size, oldestSinceMs };
    },
    waiting,
    setTap: (next) => void (tap = next),
    get firstError() {
      const [first] = errors.values();
      return first;
    },
  };
}
