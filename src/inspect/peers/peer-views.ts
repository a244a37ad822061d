import type { PeerInspection, SyncInspection } from '../../sync/inspection.ts';
import type { Durability } from '../../sync/sync-state.ts';
import type { MessageCounts } from '../shared/traffic.ts';
import type { RelayLog } from './relay-log.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import type { Peer, Series } from '../snapshot.ts';

/** The relays with everything that is known of each. */
export function readPeers(
  inspection: SyncInspection,
  log: RelayLog,
  counts: MessageCounts,
  ring: SecondsRing,
  nowMs: number,
): readonly Peer[] {
  const inspectionsByID = new Map(inspection.peers().map((peer) => [peer.id, peer]));
  return log.relays.map((relay) => {
    const peer = inspectionsByID.get(relay.id);
    return {
      ...relay,
      promises: promiseIn(peer),
      sent: counts.sentTo(relay.id),
      received: counts.receivedFrom(relay.id),
      bufferedBytes: peer?.bufferedBytes ?? 0,
      unacknowledgedMessages: peer?.unacknowledgedMessages ?? 0,
      roundTrips: held(ring.measures(roundTripLane(relay.id), nowMs)),
      changes: log.changesOf(relay.id),
    };
  });
}

export function roundTripLane(peerID: string): string {
  return `round-trip@${peerID}`;
}

/** The kernel asks every five seconds; until the next answer the last one stands. */
const heldSeconds = 5;

function held({ endMs, values }: Series): Series {
  let last: number | null = null;
  let age = 0;
  return {
    endMs,
    values: values.map((value) => {
      age = value === null ? age + 1 : 0;
      last = value ?? (age <= heldSeconds ? last : null);
      return last;
    }),
  };
}

const promises: readonly Durability[] = ['none', 'process-crash', 'power-loss'];

/** From the relay's `hello`, which is whatever the relay says. */
export function promiseIn(peer: PeerInspection | undefined): Durability | 'unknown' {
  const { durability = undefined } = (peer?.hello ?? {}) as { readonly durability?: unknown };
  return promises.find((promise) => promise === durability) ?? 'unknown';
}
