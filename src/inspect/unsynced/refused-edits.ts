import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import { listenToRefusals, type RefusedEdit } from '../../engine/node-events.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type { LostReason } from '../snapshot/unsynced-row.ts';

export type NotMade = Extract<LostReason, { kind: 'not-made' }>;

/** The edits that this device refused since the inspector was created, by CoValue, until they are dismissed. */
export interface RefusedEdits {
  /** The same object until an edit is refused or dismissed. */
  readonly byID: ReadonlyMap<string, NotMade>;
  readonly count: number;
  dismiss(id: string): void;
  close(): void;
}

/** CoValues to remember; the oldest are dropped first. */
const maxRemembered = 50;

export function createRefusedEdits(options: {
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly onChange: () => void;
}): RefusedEdits {
  const { node, clock, onChange } = options;
  let byID: ReadonlyMap<string, NotMade> = new Map();

  function set(next: Map<string, NotMade>): void {
    byID = next;
    onChange();
  }

  const close = listenToRefusals(node, (edit) => {
    const next = new Map(byID);
    const before = next.get(edit.id);
    next.delete(edit.id);
    next.set(edit.id, { ...notMade(edit, clock.nowMs()), edits: (before?.edits ?? 0) + 1 });
    const [oldest] = next.keys();
    if (next.size > maxRemembered && oldest !== undefined) next.delete(oldest);
    set(next);
  });

  return {
    get byID() {
      return byID;
    },
    get count() {
      return [...byID.values()].reduce((sum, { edits }) => sum + edits, 0);
    },
    dismiss(id) {
      const next = new Map(byID);
      if (next.delete(id)) set(next);
    },
    close,
  };
}

function notMade({ isCreation, error }: RefusedEdit, atMs: number): Omit<NotMade, 'edits'> {
  return {
    kind: 'not-made',
    atMs,
    error: toPlainError(error),
    ...(isCreation && { isCreation }),
    ...(isKernelError(error, 'VALUE_TOO_LARGE') && {
      size: { bytes: error.details.bytes, limitBytes: error.details.limitBytes },
    }),
  };
}
