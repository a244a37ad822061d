import type { SyncInspection } from '../../sync/inspection.ts';
import { promiseIn } from '../shared/relay-promise.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import type { MessageCounts } from '../shared/traffic.ts';
import type { Series } from '../snapshot/measures.ts';
import type { Peer } from '../snapshot/relay-facts.ts';
import type { DroppedLog } from './dropped-log.ts';
import type { FailedRequests } from './failed-requests.ts';
import type { RelayLog } from './relay-log.ts';

export function readPeers(
  inspection: SyncInspection,
  log: Pick<RelayLog, 'relays' | 'changesOf'>,
  requests: Pick<FailedRequests, 'of'>,
  dropped: Pick<DroppedLog, 'of' | 'lastRefusalOf'>,
  counts: MessageCounts,
  ring: SecondsRing,
  nowMs: number,
): readonly Peer[] {
  const inspectionsByID = new Map(inspection.peers().map((peer) => [peer.id, peer]));
  return log.relays.map((relay) => {
    const peer = inspectionsByID.get(relay.id);
    const lastRefusal = dropped.lastRefusalOf(relay.id);
    return {
      ...relay,
      promises: promiseIn(peer),
      sent: counts.sentTo(relay.id),
      received: counts.receivedFrom(relay.id),
      bufferedBytes: peer?.bufferedBytes ?? 0,
      unacknowledgedMessages: peer?.unacknowledgedMessages ?? 0,
      roundTrips: holdValues(ring.measures(roundTripLane(relay.id), nowMs)),
      changes: log.changesOf(relay.id),
      failedRequests: requests.of(relay.id),
      dropped: dropped.of(relay.id),
      ...(lastRefusal && { lastRefusal }),
    };
  });
}

export function roundTripLane(peerID: string): string {
  return `round-trip@${peerID}`;
}

/** The kernel measures every five seconds; each value is valid until the next measurement. */
const holdSeconds = 5;

function holdValues({ endMs, values }: Series): Series {
  let last: number | null = null;
  let age = 0;
  return {
    endMs,
    values: values.map((value) => {
      age = value === null ? age + 1 : 0;
      last = value ?? (age <= holdSeconds ? last : null);
      return last;
    }),
  };
}
