import type { LocalNode } from 'cojson';
import { readStoredCounts, readPeerCounts, type SessionCounts } from '../../engine/private-fields.ts';
import type { Step } from '../../sync/sync-state.ts';
import { originalPeerID } from '../shared/peer-address.ts';
import type { Overview, RungName } from '../snapshot/overview-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';

export interface Places {
  /** By relay, in the overview's order. */
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
    told: overview.relays.map((relay) => readPeerCounts(node, originalPeerID(node, relay.id), id)),
    stored: readStoredCounts(node, id),
    row,
    overview,
  };
}

/** How far a session's first `count` transactions got, or the whole CoValue if counts by session are unknown. */
export function stepsOf(
  { told, stored, row, overview }: Places,
  sessionID: string,
  count: number,
): Readonly<Record<RungName, Step>> {
  const has = (counts: SessionCounts | 'unknown' | undefined) =>
    typeof counts === 'object' && (counts[sessionID] ?? 0) >= count;
  const isAtEveryRelay = told.length > 0 && told.every(has);
  const isUnknown = told.some((counts) => typeof counts !== 'object');
  const atRelay = (step: Step | undefined): Step => {
    if (isAtEveryRelay) return 'reached';
    if (step !== undefined) return step;
    return isUnknown ? 'unknown' : 'pending';
  };
  const confirmed = atRelay(row?.steps.confirmed);
  const isStored = overview.storage.state !== 'memory-only';
  return {
    saved: !isStored ? 'unknown' : has(stored) ? 'reached' : (row?.steps.saved ?? 'reached'),
    sent: atRelay(row?.steps.sent),
    confirmed,
    durable: overview.rungs.durable ? confirmed : 'unknown',
  };
}
