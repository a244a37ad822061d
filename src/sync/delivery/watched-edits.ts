import type { KernelError } from '../../base/kernel-error.ts';
import type { NotCountedReason } from '../../base/not-counted-reason.ts';
import { mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import type { Validity } from './validity.ts';
import { editNotCounted } from './wait-errors.ts';

/** The edits of this device that a promise waits for, of those that no relay has confirmed when it begins. */
export interface WatchedEdits {
  /** Edits up to `need`. */
  add(id: string, need: KnownCounts): void;
  /** EDIT_NOT_COUNTED if one of them does not count now. */
  readonly error: KernelError | undefined;
}

export function watchEdits(validity: Pick<Validity, 'unconfirmedFrom' | 'notCounted'>): WatchedEdits {
  /** By CoValue: of each session, the index of the first edit, and the count up to the last. */
  const edits = new Map<string, { readonly from: KnownCounts; readonly to: KnownCounts }>();

  return {
    add(id, need) {
      const { from, to = {} } = edits.get(id) ?? {};
      edits.set(id, { from: { ...validity.unconfirmedFrom(id), ...from }, to: mergeCounts(to, need) });
    },
    get error() {
      const ids = new Set<string>();
      const reasons = new Set<NotCountedReason>();
      for (const [id, { from, to }] of edits) {
        for (const { sessionID, index, reason } of validity.notCounted(id)) {
          if (index < (from[sessionID] ?? Infinity) || index >= (to[sessionID] ?? 0)) continue;
          ids.add(id);
          reasons.add(reason);
        }
      }
      const [first, ...others] = reasons;
      return first && editNotCounted([...ids], [first, ...others]);
    },
  };
}
