import type { CoValueCore } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { SyncInspection, UnsyncedCoValue } from '../../sync/inspection.ts';
import { labelCoValue } from '../shared/covalue-label.ts';
import type { CoValueLabel } from '../snapshot/covalue-kind.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';
import { firstReason, isOutdated, relaysMissing, type Evidence, type Dispute } from './reason.ts';
import { relayAccess } from './relay-access.ts';
import type { RelayDisputes } from './relay-disputes.ts';

type Content = CoValueLabel & Pick<UnsyncedRow, 'bytes'>;

interface Known {
  readonly coValue: UnsyncedCoValue;
  readonly content: Content;
  readonly disputes: readonly Dispute[];
  /** The last read had no time left for its content. */
  readonly isContentDue: boolean;
  readonly row: UnsyncedRow;
}

/** A short read rereads this many unchanged rows, because name, size and disputes can change without an edit here. */
const rereadsPerRead = 100;
/** Time that a short read spends on content. */
const shortReadMs = 4;
const unreadContent: Content = { kind: 'unknown' };

/**
 * Reads the rows at a cost that grows with the changes only. Unchanged rows, and an unchanged list, stay the same
 * objects.
 */
export function createUnsyncedRows(options: {
  readonly inspection: SyncInspection;
  readonly disputesOf: RelayDisputes['of'];
  /** `counted`: the transactions added up so far. */
  readonly sizeOf: (coValue: CoValueCore) => number | undefined;
  readonly stopwatchMs: () => number;
}): {
  /** `isShort`: among thousands of rows, some get their new names and sizes in a later read. */
  read(evidence: Evidence, isShort?: boolean): readonly UnsyncedRow[];
} {
  const { inspection, disputesOf, sizeOf, stopwatchMs } = options;
  let rows: readonly UnsyncedRow[] = [];
  /** In the order of the rows. */
  let known: readonly Known[] = [];
  let lastEvidence: unknown;
  /** The first row that the next short read rereads. */
  let nextReread = 0;

  function read(evidence: Evidence, isShort = false): readonly UnsyncedRow[] {
    const relayIDs = evidence.relays.map(({ id }) => id);
    const hostByID = new Map(evidence.relays.map((relay) => [relay.id, relay.host]));
    const facts = factsIn(evidence);
    const isSame = isEqual(facts, lastEvidence);
    lastEvidence = facts;
    const coValues = inspection.unsynced();
    const rereads = isShort ? nextRereads(coValues.length) : { from: 0, to: Infinity };
    const untilMs = isShort ? stopwatchMs() + shortReadMs : Infinity;
    // Created only if a row has changed or moved: a map of thousands on each read would burden the garbage collector.
    let byID: ReadonlyMap<string, Known> | undefined;

    function knownOf(coValue: UnsyncedCoValue, index: number): Known | undefined {
      const there = known[index];
      if (there?.coValue === coValue) return there;
      byID ??= new Map(known.map((entry) => [entry.coValue.id, entry]));
      return byID.get(coValue.id);
    }

    function know(coValue: UnsyncedCoValue, index: number): Known {
      const before = knownOf(coValue, index);
      const isNew = before?.coValue !== coValue;
      const isDue = isNew || before.isContentDue || (index >= rereads.from && index < rereads.to);
      const isCurrent = isSame && before && !isOutdated(before.row.reason, evidence.nowMs);
      if (!isDue && isCurrent) return before;
      const readsContent = isDue && stopwatchMs() < untilMs;
      const content = readsContent ? contentOf(coValue.id) : (before?.content ?? unreadContent);
      const disputes = readsContent || !isCurrent ? disputesOf(coValue.id, relayIDs) : before.disputes;
      const isContentDue = readsContent ? false : isNew || before.isContentDue;
      if (
        isCurrent &&
        !isNew &&
        isContentDue === before.isContentDue &&
        isSameContent(before.content, content) &&
        isEqual(before.disputes, disputes)
      ) {
        return before;
      }
      const row = keep(before?.row, toRow({ coValue, content, disputes }, evidence, hostByID));
      return { coValue, content, disputes, isContentDue, row };
    }

    // Copied from `known` at the first change.
    let next: Known[] | undefined;
    coValues.forEach((coValue, index) => {
      const entry = know(coValue, index);
      if (!next && entry !== known[index]) next = known.slice(0, index);
      next?.push(entry);
    });
    if (!next && known.length === coValues.length) return rows;
    known = next ?? known.slice(0, coValues.length);
    const newRows = known.map(({ row }) => row);
    if (newRows.length !== rows.length || newRows.some((row, index) => row !== rows[index])) rows = newRows;
    return rows;
  }

  function nextRereads(count: number): { from: number; to: number } {
    // Due content takes precedence over rereads.
    if (known.some(({ isContentDue }) => isContentDue)) return { from: 0, to: 0 };
    const from = nextReread < count ? nextReread : 0;
    nextReread = from + rereadsPerRead;
    return { from, to: nextReread };
  }

  function contentOf(id: string): Content {
    const label = labelCoValue(inspection.node, id);
    const coValue = findCoValue(inspection.node, id);
    if (!coValue) return label;
    const bytes = sizeOf(coValue);
    return bytes === undefined ? label : { ...label, bytes };
  }

  return { read };
}

function toRow(
  { coValue, content, disputes }: Omit<Known, 'row' | 'isContentDue'>,
  evidence: Evidence,
  hostByID: ReadonlyMap<string, string>,
): UnsyncedRow {
  const { id, sinceMs, saved, sent, confirmed, durable } = coValue;
  return {
    id,
    ...content,
    sinceMs,
    steps: { saved, sent, confirmed, durable },
    way: relayAccess(evidence.status, relaysMissing(coValue, evidence.relays)),
    missingAt: coValue.missingAtPeerIDs.map((peerID) => hostByID.get(peerID) ?? peerID),
    ...(coValue.trackedFor && { trackedFor: coValue.trackedFor }),
    reason: firstReason(coValue, evidence, disputes),
  };
}

function keep(before: UnsyncedRow | undefined, row: UnsyncedRow): UnsyncedRow {
  return before && isEqual(before, row) ? before : row;
}

function isSameContent(a: Content, b: Content): boolean {
  return a.name === b.name && a.kind === b.kind && a.bytes === b.bytes;
}

/** The evidence that rows depend on: round trips change every few seconds without affecting any row. */
function factsIn({ status, error, readError, relays, queuesByRelayID, tabs }: Evidence): unknown {
  const queues = [...queuesByRelayID];
  return { status, error, readError, relays: relays.map(withoutRoundTrip), queues, tabs };
}

function withoutRoundTrip({ roundTripMs: _, ...relay }: Relay): Omit<Relay, 'roundTripMs'> {
  return relay;
}
