import {
  readIncomingDepth,
  readLoads,
  readLocalWrites,
  readOutgoingDepths,
} from '../../engine/private-fields.ts';
import type { PeerInspection, SyncInspection } from '../../sync/inspection.ts';
import { originalPeerID } from '../shared/peer-address.ts';
import type { SecondsRing } from '../shared/seconds-ring.ts';
import type { Gauge, Reading, Series } from '../snapshot/measures.ts';
import {
  type WaitingForSocket,
  priorities,
  type Priority,
  type PriorityQueue,
  type Queues,
  type RelayQueues,
} from '../snapshot/queue-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';

export type Depths = Readonly<Record<Priority, Reading>>;

export interface QueueViews {
  /** Read it for each message sent and pass it to `noteDepths`, to record peaks that last less than a second. */
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
    const ownID = originalPeerID(node, id);
    const loads = readLoads(node, ownID);
    const relayGauge = (name: string, now: Reading) => gauge(`${name}@${id}`, now, nowMs);
    return {
      id,
      host: relays.find((relay) => relay.id === id)?.host ?? id,
      bufferedBytes: relayGauge('buffered', peer.bufferedBytes),
      unacknowledgedMessages: relayGauge('unacknowledged', peer.unacknowledgedMessages),
      incoming: relayGauge('incoming', readIncomingDepth(node, ownID)),
      loadsInFlight: relayGauge('loads-in-flight', loads.inFlight),
      loadsWaiting: relayGauge('loads-waiting', loads.waiting),
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
    depthsOf: (peerID) => readOutgoingDepths(node, originalPeerID(node, peerID)),
    noteDepths,
    read(relays, nowMs) {
      const peers = inspection.peers();
      const peerIDs = peers.map((peer) => peer.id);
      const depths = peerIDs.map((peerID) => {
        const now = readOutgoingDepths(node, originalPeerID(node, peerID));
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
          const messages = sumOf(Object.values(readOutgoingDepths(node, originalPeerID(node, id))));
          return [id, { messages, bufferedBytes }] as const;
        }),
      ),
  };
}

function depthLane(priority: Priority, peerID: string): string {
  return `depth/${priority}@${peerID}`;
}

/** 0 without relays; one unreadable reading makes the sum unknown. */
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
