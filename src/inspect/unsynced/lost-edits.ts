import type { LocalNode } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { roleChanges, type NotCountedEdit } from '../../engine/edit-verdicts.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { Step } from '../../sync/sync-state.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import { isFarOff } from '../shared/wrong-clock.ts';
import type { Overview } from '../snapshot/overview-facts.ts';
import type { LostReason, Reason, UnsyncedRow } from '../snapshot/unsynced-row.ts';
import type { NotMade } from './refused-edits.ts';
import { relayAccess } from './relay-access.ts';

export interface LostEdits {
  /** Adds a row for each CoValue with edits that no device shows, or changes the reason of its row. Unchanged rows stay the same. */
  addTo(
    rows: readonly UnsyncedRow[],
    overview: Overview,
    notCountedIDs: readonly string[],
  ): readonly UnsyncedRow[];
}

export function createLostEdits(options: {
  readonly node: LocalNode;
  readonly notCounted: (id: string) => readonly NotCountedEdit[];
  readonly notMade: () => ReadonlyMap<string, NotMade>;
}): LostEdits {
  const { node, notCounted, notMade } = options;
  let lastRows: readonly UnsyncedRow[] | undefined;
  let lastRowsByID: ReadonlyMap<string, UnsyncedRow> = new Map();
  let result: readonly UnsyncedRow[] = [];

  function reasonsByID(
    notCountedIDs: readonly string[],
    clockOffsetMs: number | undefined,
  ): ReadonlyMap<string, LostReason> {
    const reasons = new Map<string, LostReason>();
    for (const id of notCountedIDs) {
      const edits = notCounted(id);
      const edit = edits.at(-1);
      if (edit) reasons.set(id, notCountedReason(id, edit, edits.length, clockOffsetMs));
    }
    // `not-made` takes precedence: once it is dismissed, the other one is shown.
    for (const [id, reason] of notMade()) reasons.set(id, reason);
    return reasons;
  }

  function notCountedReason(id: string, edit: NotCountedEdit, edits: number, clockOffsetMs = 0): LostReason {
    const { sessionID, madeAt, reason: why, message } = edit;
    const core = findCoValue(node, id);
    const changes = core ? roleChanges(core, sessionID) : [];
    const roleChange = changes.findLast(({ atMs }) => atMs <= madeAt);
    const latest = changes.at(-1);
    return {
      ...{ kind: 'not-counted', edits, atMs: madeAt, why, message },
      ...(roleChange && { roleChange }),
      ...(latest && latest !== roleChange && writes.test(latest.role) && { writesAs: latest.role }),
      ...(!roleChange &&
        why === 'not-a-member-then' &&
        clockOffsetMs > 0 &&
        isFarOff(clockOffsetMs) && { clockOffsetMs }),
    };
  }

  return {
    addTo(rows, overview, notCountedIDs) {
      const reasons = reasonsByID(notCountedIDs, overview.clockOffsetMs);
      if (reasons.size === 0) {
        lastRowsByID = new Map();
        lastRows = rows;
        return rows;
      }
      const left = new Map(reasons);
      const rowsByID = new Map<string, UnsyncedRow>();
      const keep = (row: UnsyncedRow): UnsyncedRow => {
        const before = lastRowsByID.get(row.id);
        const kept = before && isEqual(before, row) ? before : row;
        rowsByID.set(row.id, kept);
        return kept;
      };
      const changed = rows.map((row) => {
        const reason = left.get(row.id);
        left.delete(row.id);
        return reason ? keep({ ...row, reason, otherReason: row.reason }) : row;
      });
      const added = [...left].map(([id, reason]) => keep(arrivedRow(node, id, reason, overview)));
      const isSame =
        rows === lastRows &&
        rowsByID.size === lastRowsByID.size &&
        [...rowsByID].every(([id, row]) => lastRowsByID.get(id) === row);
      lastRows = rows;
      lastRowsByID = rowsByID;
      if (!isSame) result = merge(changed, added);
      return result;
    },
  };
}

const writes = /^(?:writer|writeOnly|manager|admin)$/;

/** For a CoValue without a pending edit. */
function arrivedRow(node: LocalNode, id: string, reason: LostReason, overview: Overview): UnsyncedRow {
  const { rungs, storage, status, relays } = overview;
  const arrived: Step = rungs.confirmed.known ? 'reached' : 'unknown';
  return {
    id,
    ...labelCoValue(node, id),
    sinceMs: reason.atMs,
    steps: {
      saved: storage.state === 'memory-only' ? 'unknown' : 'reached',
      sent: arrived,
      confirmed: arrived,
      durable: rungs.durable ? arrived : 'unknown',
    },
    way: relayAccess(status, relays),
    missingAt: [],
    reason,
  };
}

/** Both are oldest first, once `added` is sorted. */
function merge(rows: readonly UnsyncedRow[], added: readonly UnsyncedRow[]): readonly UnsyncedRow[] {
  const merged = [...rows];
  for (const row of added.toSorted((a, b) => b.sinceMs - a.sinceMs)) {
    const index = merged.findIndex(({ sinceMs }) => sinceMs > row.sinceMs);
    merged.splice(index < 0 ? merged.length : index, 0, row);
  }
  return merged;
}

/** Whether the row is about edits that no device shows. Waiting does not help these. */
export function isLost(reason: Reason): reason is LostReason {
  return reason.kind === 'not-made' || reason.kind === 'not-counted';
}
