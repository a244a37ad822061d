import type { RungStep } from '../../sync/inspection.ts';
import { readStoredState, readToldState, type SessionCounts } from '../../engine/private-fields.ts';
import type { LocalNode } from 'cojson';
import type { Overview, RungName, UnsyncedRow } from '../snapshot.ts';

/** What can be known of how far one CoValue's transactions got, at one moment. */
export interface Places {
  /** By relay, in the order of the overview's. */
  readonly told: readonly (SessionCounts | 'unknown' | undefined)[];
  readonly stored: SessionCounts | 'unknown' | undefined;
  readonly row: UnsyncedRow | undefined;
  readonly overview: Overview;
}

export function readPlaces(
  node: LocalNode,
  id: string,
  overview: Overview,
  row: UnsyncedRow | undefined,
): Places {
  return {
    told: overview.relays.map((relay) => readToldState(node, relay.id, id)),
    stored: readStoredState(node, id),
    ...{ row, overview },
  };
}

/**
 * How far the transactions of a session up to a count got. Relays and storage count by session; where they have not said
 * enough, what the sync says of the whole CoValue holds.
 */
export function stepsOf(
  { told, stored, row, overview }: Places,
  sessionID: string,
  count: number,
): Readonly<Record<RungName, RungStep>> {
  const has = (counts: SessionCounts | 'unknown' | undefined) =>
    typeof counts === 'object' && (counts[sessionID] ?? 0) >= count;
  const isAtAll = told.length > 0 && told.every(has);
  const isUnheard = told.some((counts) => typeof counts !== 'object');
  const atRelay = (step: RungStep | undefined): RungStep => {
    if (isAtAll) return 'reached';
    if (step !== undefined) return step;
    return isUnheard ? 'unknown' : 'pending';
  };
  const confirmed = atRelay(row?.steps.confirmed);
  const isKept = overview.storage.state !== 'memory-only';
  return {
    saved: !isKept ? 'unknown' : has(stored) ? 'reached' : (row?.steps.saved ?? 'reached'),
    sent: atRelay(row?.steps.sent),
    confirmed,
    durable: overview.rungs.durable ? confirmed : 'unknown',
  };
}
