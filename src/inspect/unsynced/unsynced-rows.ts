import { isEqual } from '../../base/equal.ts';
import type { SyncInspection, UnsyncedCoValue } from '../../sync/inspection.ts';
import { createSizes } from '../covalue/covalue-size.ts';
import { labelCoValue, type CoValueLabel } from '../shared/covalue-label.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { Quarrels } from '../quarrels.ts';
import { firstReason, relaysMissing, type Evidence, type Quarrel } from './reason.ts';
import type { Relay, UnsyncedRow } from '../snapshot.ts';
import { wayTo } from './relay-access.ts';

/** What its content says of it. */
type Content = CoValueLabel & Pick<UnsyncedRow, 'bytes'>;

/** A row and what it was made of. */
interface Known {
  readonly coValue: UnsyncedCoValue;
  readonly content: Content;
  readonly quarrels: readonly Quarrel[];
  /** There was no time for its content yet. */
  readonly isOwed: boolean;
  readonly row: UnsyncedRow;
}

/**
 * Of rows that say nothing new, so many are looked at anew with a read that is to be short: what others do may change
 * name, size and quarrels.
 */
const againAtOnce = 100;
/** Milliseconds that a read which is to be short looks at rows. */
const shortMs = 4;
const notLookedAt: Content = { kind: 'unknown' };

/**
 * Reads the rows. What is new of thousands costs what is new of it; a row that says what it said before stays the same
 * object, and so does the whole list.
 */
export function createUnsyncedRows(
  inspection: SyncInspection,
  quarrelsOf: Quarrels['of'],
  stopwatchMs: () => number,
): {
  /** `isShort`: of thousands, some get their new names and sizes with one of the next reads. */
  read(evidence: Evidence, isShort?: boolean): readonly UnsyncedRow[];
} {
  const sizes = createSizes();
  let rows: readonly UnsyncedRow[] = [];
  /** In the order of the rows. */
  let known: readonly Known[] = [];
  let lastEvidence: unknown;
  /** Where those begin that the next short read looks at anew. */
  let nextAgain = 0;

  function read(evidence: Evidence, isShort = false): readonly UnsyncedRow[] {
    const relayIDs = evidence.relays.map(({ id }) => id);
    const hostByID = new Map(evidence.relays.map((relay) => [relay.id, relay.host]));
    const facts = factsIn(evidence);
    const isSame = isEqual(facts, lastEvidence);
    lastEvidence = facts;
    const coValues = inspection.unsynced();
    const again = isShort ? nextToLookAt(coValues.length) : { from: 0, to: Infinity };
    const untilMs = isShort ? stopwatchMs() + shortMs : Infinity;
    // Made where something has moved: a map of thousands with each read would be collected as often.
    let byID: ReadonlyMap<string, Known> | undefined;

    function knownOf(coValue: UnsyncedCoValue, index: number): Known | undefined {
      const there = known[index];
      if (there?.coValue === coValue) return there;
      byID ??= new Map(known.map((each) => [each.coValue.id, each]));
      return byID.get(coValue.id);
    }

    function know(coValue: UnsyncedCoValue, index: number): Known {
      const before = knownOf(coValue, index);
      const isNew = before?.coValue !== coValue;
      const isDue = isNew || before.isOwed || (index >= again.from && index < again.to);
      if (!isDue && isSame) return before;
      const looks = isDue && stopwatchMs() < untilMs;
      const content = looks ? contentOf(coValue.id) : (before?.content ?? notLookedAt);
      const quarrels = looks || !before ? quarrelsOf(coValue.id, relayIDs) : before.quarrels;
      const isOwed = looks ? false : isNew || before.isOwed;
      if (
        before &&
        !isNew &&
        isSame &&
        isOwed === before.isOwed &&
        saysTheSame(before.content, content) &&
        isEqual(before.quarrels, quarrels)
      ) {
        return before;
      }
      const row = keep(before?.row, toRow({ coValue, content, quarrels }, evidence, hostByID));
      return { coValue, content, quarrels, isOwed, row };
    }

    /** From the first that is not what it was. */
    let next: Known[] | undefined;
    coValues.forEach((coValue, index) => {
      const each = know(coValue, index);
      if (!next && each !== known[index]) next = known.slice(0, index);
      next?.push(each);
    });
    if (!next && known.length === coValues.length) return rows;
    known = next ?? known.slice(0, coValues.length);
    const nextRows = known.map(({ row }) => row);
    if (nextRows.length !== rows.length || nextRows.some((row, index) => row !== rows[index]))
      rows = nextRows;
    return rows;
  }

  function nextToLookAt(count: number): { from: number; to: number } {
    // What is owed has the time first.
    if (known.some(({ isOwed }) => isOwed)) return { from: 0, to: 0 };
    const from = nextAgain < count ? nextAgain : 0;
    nextAgain = from + againAtOnce;
    return { from, to: nextAgain };
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
  { coValue, content, quarrels }: Omit<Known, 'row' | 'isOwed'>,
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
