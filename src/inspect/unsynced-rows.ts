import type { SyncInspection, UnsyncedCoValue } from '../sync/inspection.ts';
import { labelCoValue } from './covalue-label.ts';
import { firstReason, relaysMissing, type Evidence } from './reason.ts';
import type { UnsyncedRow } from './snapshot.ts';
import { wayTo } from './way.ts';

/** Reads the rows anew; a row that says what it said before stays the same object, and so does the whole list. */
export function createUnsyncedRows(inspection: SyncInspection): {
  read(evidence: Evidence): readonly UnsyncedRow[];
} {
  let last: readonly UnsyncedRow[] = [];
  let lastByID = new Map<string, UnsyncedRow>();
  return {
    read(evidence) {
      const hostByID = new Map(evidence.relays.map((relay) => [relay.id, relay.host]));
      const rows = inspection.unsynced().map((coValue) => {
        const row = toRow(coValue, evidence, hostByID, inspection);
        const before = lastByID.get(row.id);
        return before && saysTheSame(before, row) ? before : row;
      });
      if (rows.length === last.length && rows.every((row, index) => row === last[index])) return last;
      last = rows;
      lastByID = new Map(rows.map((row) => [row.id, row]));
      return rows;
    },
  };
}

function toRow(
  coValue: UnsyncedCoValue,
  evidence: Evidence,
  hostByID: ReadonlyMap<string, string>,
  inspection: SyncInspection,
): UnsyncedRow {
  const { id, sinceMs, saved, sent, confirmed, durable } = coValue;
  return {
    id,
    ...labelCoValue(inspection.node, id),
    sinceMs,
    steps: { saved, sent, confirmed, durable },
    way: wayTo(evidence.status, relaysMissing(coValue, evidence.relays)),
    missingAt: coValue.missingAtPeerIDs.map((peerID) => hostByID.get(peerID) ?? peerID),
    reason: firstReason(coValue, evidence),
  };
}

/** Rows are plain JSON of a few levels, made the same way each time. */
function saysTheSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => saysTheSame(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
