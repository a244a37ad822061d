import type { Clock } from '../platform/clock.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import { isNothing, missingIn, missingSessions, type Coverage } from './coverage.ts';
import {
  needOf,
  noEdits,
  onlyDeletion,
  pendingSinceMs,
  withEdit,
  withError,
  withoutConnection,
  withReached,
  type PendingEdits,
  type RungName,
} from './pending-edits.ts';

/** How far this device's edits have got, by CoValue, from evidence that others bring. Edits that got everywhere are forgotten. */
export interface Ladder {
  readonly pending: ReadonlyMap<string, PendingEdits>;
  /** An edit was made on this device, or is found to be missing at the relay. */
  edited(id: string, need: Coverage): void;
  /** The relay turns out to lack what this device has saved long ago. */
  missing(id: string, need: Coverage): void;
  /** The CoValue was deleted: of its edits only the deletion still has to arrive. */
  deleted(id: string): void;
  reached(rung: RungName, id: string, coverage: Coverage): void;
  failed(id: string, error: KernelError): void;
  /** What was sent may be lost, and what a relay confirmed may be another relay's word: both are told again. */
  connectionLost(): void;
  count(rung: RungName): RungCount;
}

export interface RungCount {
  readonly pending: number;
  readonly oldestSinceMs?: number;
}

export function createLadder(options: {
  readonly clock: Clock;
  /** False where nothing is kept on this device: then edits are done with once they are confirmed. */
  readonly canSave: () => boolean;
  readonly onPending: (id: string) => void;
  readonly onDone: (id: string) => void;
  readonly onChange: () => void;
}): Ladder {
  const { clock, canSave, onPending, onDone, onChange } = options;
  const pending = new Map<string, PendingEdits>();

  function update(id: string, change: (edits: PendingEdits) => PendingEdits): void {
    const edits = pending.get(id);
    if (!edits) return;
    const next = change(edits);
    pending.set(id, next);
    if (isDone(next)) {
      pending.delete(id);
      onDone(id);
    }
    onChange();
  }

  function isDone(edits: PendingEdits): boolean {
    const isSaved = pendingSinceMs(edits, 'saved') === undefined || !canSave();
    return isSaved && pendingSinceMs(edits, 'confirmed') === undefined;
  }

  function begin(id: string): void {
    if (pending.has(id)) return;
    pending.set(id, noEdits);
    onPending(id);
  }

  return {
    pending,
    edited(id, need) {
      begin(id);
      update(id, (edits) => withEdit(edits, need, clock.nowMs()));
    },
    missing(id, need) {
      const unknown = missingIn(needOf(pending.get(id) ?? noEdits), need);
      if (isNothing(unknown)) return;
      begin(id);
      update(id, (edits) => {
        const nowMs = clock.nowMs();
        // What no pending edit speaks of was saved before, or it would still be pending.
        const saved = missingSessions(needOf(edits), unknown);
        return withEdit(withReached(edits, 'saved', saved, nowMs), unknown, nowMs);
      });
    },
    deleted: (id) => update(id, onlyDeletion),
    reached: (rung, id, coverage) => update(id, (edits) => withReached(edits, rung, coverage, clock.nowMs())),
    failed: (id, error) => update(id, (edits) => withError(edits, error)),
    connectionLost() {
      for (const [id, edits] of pending) pending.set(id, withoutConnection(edits));
      onChange();
    },
    count(rung) {
      let count = 0;
      let oldestSinceMs = Infinity;
      for (const edits of pending.values()) {
        const sinceMs = pendingSinceMs(edits, rung);
        if (sinceMs === undefined) continue;
        count++;
        oldestSinceMs = Math.min(oldestSinceMs, sinceMs);
      }
      return count === 0 ? { pending: 0 } : { pending: count, oldestSinceMs };
    },
  };
}
