import type { PeerInspection, SyncInspection } from '../../sync/inspection.ts';
import {
  readIncomingDepth,
  readLoads,
  readLocalWrites,
  readOutgoingDepths,
} from '../../engine/private-fields.ts';
import type { WaitingForSocket } from '../unsynced/reason.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import {
  priorities,
  type Gauge,
  type Priority,
  type PriorityQueue,
  type Queues,
  type Reading,
  type Relay,
  type RelayQueues,
  type Series,
} from '../snapshot.ts';

/** Messages that wait for one peer. */
export type Depths = Readonly<Record<Priority, Reading>>;

/** Reads queue depths into the ring and makes the view from it. */
export interface QueueViews {
  /** To be read with each message sent: a queue that fills and empties within a second still leaves its peak. */
  depthsOf(peerID: string): Depths;
  noteDepths(peerID: string, depths: Depths, atMs: number): void;
  read(relays: readonly Relay[], nowMs: number): Queues;
  waitingByRelayID(): ReadonlyMap<string, WaitingForSocket>;
}

const throughputSeconds = 5;

export function createQueueViews(inspection: SyncInspection, ring: SecondsRing): QueueViews {
  const { node } = inspection;

  function noteDepths(peerID: string, depths: Depths, atMs: number): void {
    for (const priority of priorities) ring.measure(depthLane(priority, peerID), atMs, depths[priority]);
  }

  function gauge(lane: string, now: Reading, nowMs: number): Gauge {
    ring.measure(lane, nowMs, now);
    return { now, peak: now === 'unknown' ? 'unknown' : ring.peak(lane, nowMs) };
  }

  function relayQueues(peer: PeerInspection, relays: readonly Relay[], nowMs: number): RelayQueues {
    const { id } = peer;
    const loads = readLoads(node, id);
    const own = (what: string, now: Reading) => gauge(`${what}@${id}`, now, nowMs);
    return {
      id,
      host: relays.find((relay) => relay.id === id)?.host ?? id,
      bufferedBytes: own('buffered', peer.bufferedBytes),
      unacknowledgedMessages: own('unacknowledged', peer.unacknowledgedMessages),
      incoming: own('incoming', readIncomingDepth(node, id)),
      loadsInFlight: own('loads-in-flight', loads.inFlight),
      loadsWaiting: own('loads-waiting', loads.waiting),
    };
  }

  function priorityQueue(
    priority: Priority,
    now: Reading,
    peerIDs: readonly string[],
    nowMs: number,
  ): PriorityQueue {
    const lanes = peerIDs.map((peerID) => depthLane(priority, peerID));
    return {
      depth: { now, peak: sumOf(lanes.map((lane) => ring.peak(lane, nowMs))) },
      messagesPerSecond: ring.perSecond(`messages/${priority}`, nowMs, throughputSeconds),
      bytesPerSecond: ring.perSecond(`bytes/${priority}`, nowMs, throughputSeconds),
      depths: sumOfSeries(
        lanes.map((lane) => ring.measures(lane, nowMs)),
        nowMs,
      ),
      messages: ring.counts(`messages/${priority}`, nowMs),
    };
  }

  return {
    depthsOf: (peerID) => readOutgoingDepths(node, peerID),
    noteDepths,
    read(relays, nowMs) {
      const peers = inspection.peers();
      const peerIDs = peers.map((peer) => peer.id);
      const depths = peerIDs.map((peerID) => {
        const now = readOutgoingDepths(node, peerID);
        noteDepths(peerID, now, nowMs);
        return now;
      });
      const ofPriority = (priority: Priority) =>
        priorityQueue(priority, sumOf(depths.map((depth) => depth[priority])), peerIDs, nowMs);
      return {
        high: ofPriority('high'),
        medium: ofPriority('medium'),
        low: ofPriority('low'),
        relays: peers.map((peer) => relayQueues(peer, relays, nowMs)),
        localWrites: gauge('local-writes', readLocalWrites(node), nowMs),
      };
    },
    waitingByRelayID: () =>
      new Map(
        inspection.peers().map(({ id, bufferedBytes }) => {
          const messages = sumOf(Object.values(readOutgoingDepths(node, id)));
          return [id, { messages, bufferedBytes }] as const;
        }),
      ),
  };
}

function depthLane(priority: Priority, peerID: string): string {
  return `depth/${priority}@${peerID}`;
}

/** Over no relay at all nothing waits; one that cannot be read makes the sum unknown. */
function sumOf(readings: readonly Reading[]): Reading {
  let sum = 0;
  for (const reading of readings) {
    if (reading === 'unknown') return 'unknown';
    sum += reading;
  }
  return sum;
}

function sumOfSeries(all: readonly Series[], nowMs: number): Series {
  const [first] = all;
  if (!first) return { endMs: Math.floor(nowMs / 1000) * 1000, values: [] };
  const values = first.values.map((_, index) => {
    const known = all.map((series) => series.values[index] ?? null).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
  return { endMs: first.endMs, values };
}
