import { isEqual } from '../platform/equal.ts';
import type { SyncInspection, UnsyncedCoValue } from '../sync/inspection.ts';
import { createSizes } from './co-value/size.ts';
import { labelCoValue, type CoValueLabel } from './covalue-label.ts';
import { findCoValue } from './private-fields.ts';
import type { Quarrels } from './quarrels.ts';
import { firstReason, relaysMissing, type Evidence, type Quarrel } from './reason.ts';
import type { Relay, UnsyncedRow } from './snapshot.ts';
import { wayTo } from './way.ts';

/** What its content says of it. */
type Content = CoValueLabel & Pick<UnsyncedRow, 'bytes'>;

/** A row and what it was made of. */
interface Known {
  readonly coValue: UnsyncedCoValue;
  readonly content: Content;
  readonly quarrels: readonly Quarrel[];
  readonly row: UnsyncedRow;
}

/** Of rows that say nothing new, so many names and sizes are looked up anew with each read: what others write may change them. */
const labelsAtOnce = 500;

/**
 * Reads the rows. What is new of thousands costs what is new of it; a row that says what it said before stays the same
 * object, and so does the whole list.
 */
export function createUnsyncedRows(
  inspection: SyncInspection,
  quarrelsOf: Quarrels['of'],
): {
  read(evidence: Evidence): readonly UnsyncedRow[];
} {
  const sizes = createSizes();
  let last: readonly UnsyncedRow[] = [];
  let lastByID = new Map<string, Known>();
  let lastEvidence: unknown;
  /** Where the next names are looked up. */
  let nextLabel = 0;

  function read(evidence: Evidence): readonly UnsyncedRow[] {
    const relayIDs = evidence.relays.map(({ id }) => id);
    const hostByID = new Map(evidence.relays.map((relay) => [relay.id, relay.host]));
    const facts = factsIn(evidence);
    const isSame = isEqual(facts, lastEvidence);
    lastEvidence = facts;
    const coValues = inspection.unsynced();
    if (nextLabel >= coValues.length) nextLabel = 0;
    const labelled = { from: nextLabel, to: nextLabel + labelsAtOnce };
    nextLabel = labelled.to;
    const byID = new Map<string, Known>();
    const rows = coValues.map((coValue, index) => {
      const before = lastByID.get(coValue.id);
      const isDue = index >= labelled.from && index < labelled.to;
      const isNew = before?.coValue !== coValue;
      const content = isDue || isNew ? contentOf(coValue.id) : before.content;
      const quarrels = quarrelsOf(coValue.id, relayIDs);
      const known =
        before &&
        !isNew &&
        isSame &&
        saysTheSame(before.content, content) &&
        isEqual(before.quarrels, quarrels)
          ? before
          : {
              ...{ coValue, content, quarrels },
              row: keep(before?.row, toRow({ coValue, content, quarrels }, evidence, hostByID)),
            };
      byID.set(coValue.id, known);
      return known.row;
    });
    lastByID = byID;
    if (rows.length !== last.length || rows.some((row, index) => row !== last[index])) last = rows;
    return last;
  }

  function contentOf(id: string): Content {
    const label = labelCoValue(inspection.node, id);
    const coValue = findCoValue(inspection.node, id);
    if (!coValue) return label;
    const { bytes, counted } = sizes.of(coValue);
    // Of a very large one a part is added up with each look.
    const transactions = Object.values(coValue.knownState().sessions).reduce((sum, count) => sum + count, 0);
    return counted === transactions ? { ...label, bytes } : label;
  }

  return { read };
}

function toRow(
  { coValue, content, quarrels }: Omit<Known, 'row'>,
  evidence: Evidence,
  hostByID: ReadonlyMap<string, string>,
): UnsyncedRow {
  const { id, sinceMs, saved, sent, confirmed, durable } = coValue;
  return {
    id,
    ...content,
    sinceMs,
    steps: { saved, sent, confirmed, durable },
    way: wayTo(evidence.status, relaysMissing(coValue, evidence.relays)),
    missingAt: coValue.missingAtPeerIDs.map((peerID) => hostByID.get(peerID) ?? peerID),
    ...(coValue.trackedFor && { trackedFor: coValue.trackedFor }),
    reason: firstReason(coValue, evidence, quarrels),
  };
}

function keep(before: UnsyncedRow | undefined, row: UnsyncedRow): UnsyncedRow {
  return before && isEqual(before, row) ? before : row;
}

function saysTheSame(a: Content, b: Content): boolean {
  return a.name === b.name && a.kind === b.kind && a.bytes === b.bytes;
}

/** All of the evidence that a row can depend on: a round trip changes every few seconds, and no row. */
function factsIn({ status, error, relays, queuesByRelayID }: Evidence): unknown {
  return { status, error, relays: relays.map(withoutRoundTrip), queues: [...queuesByRelayID] };
}

function withoutRoundTrip({ roundTripMs: _, ...relay }: Relay): Omit<Relay, 'roundTripMs'> {
  return relay;
}
