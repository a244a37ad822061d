import type { Clock } from '../base/clock.ts';
import type { KernelError } from '../base/kernel-error.ts';
import type { RungTap } from './inspection.ts';
import { isNothing, missingIn, missingSessions, type Coverage } from '../engine/known-counts.ts';
import * as pendingEdits from './pending-edits.ts';
import { rungNames, type PendingEdits, type RungName } from './pending-edits.ts';

/**
 * How far this device's edits have got, by CoValue, from evidence that others bring. Edits that got everywhere are forgotten:
 * to each of the relays, where there are several.
 */
export interface Ladder {
  readonly pending: ReadonlyMap<string, PendingEdits>;
  /** All relays that an edit has to get to, by their ids; none before `useRelays`. */
  readonly relayIDs: readonly string[];
  useRelays(ids: readonly string[]): void;
  /** An edit was made on this device, or one that was is found to be at no relay. `isMade`: in this very call. */
  edited(id: string, need: Coverage, isMade?: true): void;
  /** A relay turns out to lack what this device has saved long ago; without a relay's id, all of them do. */
  missing(id: string, need: Coverage, relayID?: string): void;
  /** Another tab has saved an edit, and marked it as unconfirmed: it keeps the mark until `takenOver`. */
  savedElsewhere(id: string, need: Coverage): void;
  /** That tab does not get it to a relay: this one sees to it, and keeps the mark. */
  takenOver(id: string): void;
  /** Whether this tab answers for pending edits of it. */
  isOwn(id: string): boolean;
  /** The CoValue was deleted, by whomever: in the place of its edits the deletion has to arrive. */
  deleted(id: string, deletion: Coverage): void;
  saved(id: string, coverage: Coverage): void;
  sent(id: string, coverage: Coverage, relayID: string): void;
  confirmed(id: string, coverage: Coverage, relayID: string): void;
  failed(id: string, error: KernelError, relayID: string): void;
  /** What was sent to the relay may be lost, and what it confirmed may be another relay's word: both are told again. */
  connectionLost(relayID: string): void;
  /** Whether an edit of the CoValue waits for this rung. */
  isPending(id: string, rung: RungName): boolean;
  /** Whether anything that this tab answers for waits for this rung. */
  hasOwnPending(rung: RungName): boolean;
  count(rung: RungName): RungCount;
  /** By CoValue, since when its oldest edit waits for each rung. */
  readonly waiting: Readonly<Record<RungName, ReadonlyMap<string, number>>>;
  /** One listener; none costs nothing. */
  setTap(tap: RungTap | undefined): void;
  /** Why the CoValue that has been held up for the longest does not get further, where a relay or this device said so. */
  readonly firstError: KernelError | undefined;
}

export interface RungCount {
  readonly pending: number;
  readonly oldestSinceMs?: number;
}

export interface LadderEvents {
  /** From here on this tab answers for its edits. */
  onPending(id: string): void;
  /** It has got everywhere. Where another tab answers for all of it, `isOwn` is false. */
  onDone(id: string, edits: PendingEdits, isOwn: boolean): void;
  /** All edits of the CoValue are at this relay now. */
  onConfirmed(id: string, relayID: string, edits: PendingEdits): void;
  onChange(): void;
}

export function createLadder(
  options: LadderEvents & {
    readonly clock: Clock;
    /** False where nothing is kept on this device: then edits are done with once they are confirmed. */
    readonly canSave: () => boolean;
    /** False until what an earlier run left behind is counted, too. */
    readonly isComplete: () => boolean;
  },
): Ladder {
  const { clock, canSave, isComplete, onPending, onDone, onConfirmed, onChange } = options;
  const pending = new Map<string, PendingEdits>();
  /** Those of which this tab, alone or with others, has made an edit, or has taken it over. */
  const own = new Set<string>();
  /** Counted with each change, as looking at thousands takes its time. */
  const waiting: Readonly<Record<RungName, Map<string, number>>> = {
    saved: new Map(),
    sent: new Map(),
    confirmed: new Map(),
  };
  const errors = new Map<string, KernelError>();
  let relayIDs: readonly string[] = [];
  let tap: RungTap | undefined;

  function update(id: string, change: (edits: PendingEdits) => PendingEdits): void {
    const edits = pending.get(id);
    if (!edits) return;
    const next = change(edits);
    if (next === edits) return;
    pending.set(id, next);
    look(id, next);
    if (isDone(id)) {
      pending.delete(id);
      for (const rung of rungNames) waiting[rung].delete(id);
      errors.delete(id);
      tap?.('ended', id, {});
      onDone(id, next, own.delete(id));
    }
    onChange();
  }

  function look(id: string, edits: PendingEdits): void {
    for (const rung of rungNames) {
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

  function withEdit(edits: PendingEdits, need: Coverage): PendingEdits {
    return pendingEdits.withEdit(edits, need, clock.nowMs(), (earlier) =>
      rungNames.every(
        (rung) => (rung === 'saved' && !canSave()) || pendingEdits.hasReached(edits, rung, relayIDs, earlier),
      ),
    );
  }

  function begin(id: string): void {
    if (!pending.has(id)) pending.set(id, pendingEdits.noEdits);
    answerFor(id);
  }

  function answerFor(id: string): void {
    if (own.has(id)) return;
    own.add(id);
    onPending(id);
  }

  return {
    pending,
    get relayIDs() {
      return relayIDs;
    },
    useRelays(ids) {
      relayIDs = ids;
      for (const [id, edits] of pending) look(id, edits);
      onChange();
    },
    edited(id, need, isMade) {
      if (isMade) tap?.('made', id, need);
      begin(id);
      update(id, (edits) => withEdit(edits, need));
    },
    missing(id, need, relayID) {
      if (relayID !== undefined) update(id, (edits) => pendingEdits.withoutWord(edits, relayID, need));
      const before = pending.get(id) ?? pendingEdits.noEdits;
      const unknown = missingIn(pendingEdits.needOf(before), need);
      if (isNothing(unknown)) return;
      begin(id);
      update(id, (edits) => {
        // What is not pending here was saved before, by this tab or another one. And where no pending edit speaks of its
        // session, the others have confirmed it, or it would still be pending: once everything is counted that is.
        const arrived = missingSessions(pendingEdits.needOf(edits), unknown);
        const isKnown = relayID !== undefined && isComplete();
        const others = isKnown ? relayIDs.filter((other) => other !== relayID) : [];
        const known = others.reduce(
          (all, other) => pendingEdits.withConfirmed(all, other, arrived),
          pendingEdits.withSaved(edits, unknown),
        );
        return withEdit(known, unknown);
      });
    },
    savedElsewhere(id, need) {
      const unknown = missingIn(pendingEdits.needOf(pending.get(id) ?? pendingEdits.noEdits), need);
      if (isNothing(unknown)) return;
      if (!pending.has(id)) pending.set(id, pendingEdits.noEdits);
      update(id, (edits) => withEdit(pendingEdits.withSaved(edits, unknown), unknown));
    },
    takenOver(id) {
      if (pending.has(id)) answerFor(id);
    },
    isOwn: (id) => own.has(id),
    deleted(id, deletion) {
      update(id, (edits) => {
        const left = pendingEdits.onlyDeletion(edits);
        const ended = missingSessions(pendingEdits.needOf(left), pendingEdits.needOf(edits));
        return isNothing(ended) ? edits : withEdit(left, deletion);
      });
    },
    saved(id, coverage) {
      tap?.('saved', id, coverage);
      update(id, (edits) => pendingEdits.withSaved(edits, coverage));
    },
    sent(id, coverage, relayID) {
      tap?.('sent', id, coverage, relayID);
      update(id, (edits) => pendingEdits.withSent(edits, relayID, coverage, clock.nowMs()));
    },
    confirmed(id, coverage, relayID) {
      const before = pending.get(id);
      if (!before) return;
      tap?.('confirmed', id, coverage, relayID);
      const after = pendingEdits.withConfirmed(before, relayID, coverage);
      const isNews =
        !pendingEdits.isAt(before, 'confirmed', relayID) && pendingEdits.isAt(after, 'confirmed', relayID);
      if (isNews) onConfirmed(id, relayID, after);
      update(id, () => after);
    },
    failed: (id, error, relayID) => update(id, (edits) => pendingEdits.withError(edits, relayID, error)),
    connectionLost(relayID) {
      for (const [id, before] of pending) {
        const edits = pendingEdits.withoutConnection(before, relayID);
        if (edits === before) continue;
        pending.set(id, edits);
        look(id, edits);
      }
      onChange();
    },
    isPending: (id, rung) => waiting[rung].has(id),
    hasOwnPending: (rung) => [...own].some((id) => waiting[rung].has(id)),
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
