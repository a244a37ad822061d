import { isEqual } from '../platform/equal.ts';
import type { SyncInspection, UnsyncedCoValue } from '../sync/inspection.ts';
import { labelCoValue } from './covalue-label.ts';
import { firstReason, relaysMissing, type Evidence } from './reason.ts';
import { rungs, type UnsyncedRow } from './snapshot.ts';
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

function saysTheSame(a: UnsyncedRow, b: UnsyncedRow): boolean {
  return (
    a.name === b.name &&
    a.kind === b.kind &&
    a.sinceMs === b.sinceMs &&
    rungs.every((rung) => a.steps[rung] === b.steps[rung]) &&
    a.missingAt.length === b.missingAt.length &&
    a.missingAt.every((host, index) => host === b.missingAt[index]) &&
    isEqual(a.way, b.way) &&
    isEqual(a.reason, b.reason)
  );
}
