import { systemClock } from '../base/clock.ts';
import { callListener, type Readable } from '../base/readable.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { SyncState } from '../sync/sync-state.ts';
import { askRelays } from './ask-relays.ts';
import { createBacklog } from './shared/backlog.ts';
import { contentWords } from './content-words.ts';
import { createCoValueReader } from './covalue/covalue-reader.ts';
import { loadCoValue } from './co-value/load-co-value.ts';
import { createCost } from './shared/cost.ts';
import { explain } from './unsynced/explain.ts';
import { createFaultControl } from './faults/fault-control.ts';
import { followOverview } from './follow-overview.ts';
import { inspectedFrom, type InspectorTarget } from './inspected.ts';
import type { Inspector, InspectorOptions } from './inspector.ts';
import { createMemoryView } from './storage/memory-figures.ts';
import { createMessageCounts } from './shared/traffic.ts';
import { createLagView } from './lag/lag-view.ts';
import { listenToMessages } from './message-tap.ts';
import { createMessageLog } from './messages/message-log.ts';
import { readPeers, roundTripLane } from './peers/peer-views.ts';
import { createPublisher } from './shared/publisher.ts';
import { createQuarrels } from './quarrels.ts';
import { createQueueViews } from './queues/queue-views.ts';
import { createRecorder } from './faults/recorder.ts';
import { replayRecording } from './faults/replay.ts';
import { createRelayAsks } from './relay-asks.ts';
import { createRelayLog } from './peers/relay-log.ts';
import { createStorageWatch } from './storage/storage-watch.ts';
import { createSecondsRing } from './shared/seconds-ring.ts';
import {
  type InspectorIncrement,
  inspectorProtocol,
  type InspectorSnapshot,
  type Relay,
} from './snapshot.ts';
import { storyOf } from './unsynced/timeline.ts';
import { readTabs } from './tabs/read-tabs.ts';
import { createTabWatch } from './tabs/tab-watch.ts';
import { createUnsyncedRows } from './unsynced/unsynced-rows.ts';

const historySeconds = 120;
const historyBytes = 256 * 1024;
const noFaultsHere =
  'This node’s peers are the app’s own, and faults stand in the kernel’s transport. Connect it by `setupSyncPeers`.';

/** Throws where this copy of the kernel did not make the target: two copies in one page do not see each other. */
export function createInspector(
  target: InspectorTarget,
  { clock = systemClock, stopwatchMs = () => performance.now() }: InspectorOptions = {},
): Inspector {
  const { sync, inspection, isStock, repair } = inspectedFrom(target, clock);
  const ring = createSecondsRing({ startMs: clock.nowMs(), seconds: historySeconds, maxBytes: historyBytes });
  const cost = createCost({ ring, clock, stopwatchMs });
  const publisher = createPublisher({ clock, stopwatchMs, read: readIncrement, deliver });
  const onChange = publisher.changed;
  const log = createRelayLog();
  const counts = createMessageCounts(ring);
  const memory = createMemoryView(inspection.node);
  const queueViews = createQueueViews(inspection, ring);
  const quarrels = createQuarrels(inspection);
  const unsyncedRows = createUnsyncedRows(inspection, quarrels.of, cost.stopwatchMs);
  const overview = followOverview({ ...{ sync, isStock, clock }, note: noteState });
  const faultControl = createFaultControl(inspection, clock);
  const recorder = createRecorder({
    ...{ inspection, clock, faults: faultControl.faults },
    relays: () => overview.current.relays,
  });
  const storageWatch = createStorageWatch({ inspection, clock, ring, onChange });
  const relayAsks = createRelayAsks({ inspection, isStock, clock });
  const messages = createMessageLog({
    ...{ inspection, clock, cost, onChange },
    relays: () => overview.current.relays,
  });
  const lag = createLagView({ inspection, clock, cost, overview: () => overview.current, onChange });
  const tabWatch = inspection.tabs && createTabWatch({ tabs: inspection.tabs, clock, onChange });
  const listeners = new Set<(increment: InspectorIncrement) => void>();
  let lastUnsynced: InspectorSnapshot['unsynced'] | undefined;
  let coValueReader: ReturnType<typeof createCoValueReader> | undefined;

  const stopFollowingHands = [faultControl.faults, recorder.recording].map((what: Readable<unknown>) =>
    what.subscribe(onChange),
  );

  const passed = createBacklog<() => void>({
    ...{ clock, cost, onWorked: onChange },
    work(steps) {
      for (const step of steps) step();
    },
  });

  const stopListening = listenToMessages(inspection, (direction, peerID, message, bytes, atMs) => {
    // What waits is read in the moment: later it has gone.
    const depths = direction === 'sent' ? queueViews.depthsOf(peerID) : undefined;
    passed.add([
      () => {
        counts.add(direction, peerID, message, bytes, atMs);
        if (depths) queueViews.noteDepths(peerID, depths, atMs);
        else quarrels.heard(peerID, message, atMs);
      },
    ]);
    onChange();
  });

  function noteState({ peers }: SyncState): readonly Relay[] {
    const nowMs = clock.nowMs();
    log.note(peers, nowMs);
    for (const { id, roundTripMs } of log.relays) {
      if (roundTripMs !== undefined) ring.measure(roundTripLane(id), nowMs, roundTripMs);
    }
    onChange();
    return log.relays;
  }

  /** Who is subscribed has the rows read anyway: there may be thousands. */
  function unsyncedNow(): InspectorSnapshot['unsynced'] {
    return (listeners.size > 0 ? lastUnsynced : undefined) ?? readUnsynced(true);
  }

  function readUnsynced(isShort = false): InspectorSnapshot['unsynced'] {
    const { relays, status, error } = overview.current;
    const queuesByRelayID = queueViews.waitingByRelayID();
    return unsyncedRows.read({ status, ...(error && { error }), relays, queuesByRelayID }, isShort);
  }

  function coValues(): ReturnType<typeof createCoValueReader> {
    return (coValueReader ??= createCoValueReader(
      inspection,
      () => ({ atMs: clock.nowMs(), overview: overview.current, unsynced: unsyncedNow() }),
      cost.measured,
    ));
  }

  function snapshot(isShort = false): InspectorSnapshot {
    passed.catchUp();
    const atMs = clock.nowMs();
    const { relays } = overview.current;
    return {
      protocol: inspectorProtocol,
      atMs,
      overview: overview.current,
      unsynced: readUnsynced(isShort),
      queues: queueViews.read(relays, atMs),
      peers: readPeers(inspection, log, counts, ring, atMs),
      messages: messages.log.counts,
      storage: storageWatch.read(sync.current.storage, atMs),
      lag: lag.read(atMs),
      memory: memory.read(atMs),
      tabs: readTabs(inspection, tabWatch, overview.current),
      faults: faultControl.now,
      recording: recorder.now,
      cost: cost.read(atMs),
    };
  }

  function byHand<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      act(...args);
      publisher.acted();
    };
  }

  function readIncrement(): InspectorIncrement {
    return cost.measured(() => {
      const { unsynced, ...increment } = snapshot(true);
      const changed = unsynced === lastUnsynced ? increment : { ...increment, unsynced };
      lastUnsynced = unsynced;
      return changed;
    });
  }

  /** What the listeners do with it counts, too. */
  function deliver(increment: InspectorIncrement): void {
    cost.measured(() => {
      for (const listener of [...listeners]) callListener(listener, increment);
    });
  }

  return {
    protocol: inspectorProtocol,
    overview,
    faults: faultControl.faults,
    recording: recorder.recording,
    messages: messages.log,
    snapshot: () => cost.measured(() => snapshot()),
    explain: (id) => explain(id, snapshot(), inspection.node),
    contentWords: (id) => contentWords(inspection.node, id),
    story: (row) => storyOf(row, overview.current.relays, messages.log),
    askRelays: (id) => askRelays(id, overview.current.relays, relayAsks),
    coValue: (id) => coValues().facts(id),
    get coValues() {
      return coValues();
    },
    subscribe(listener) {
      const own = (increment: InspectorIncrement) => listener(increment);
      listeners.add(own);
      // It may have missed the rows that the others were given.
      lastUnsynced = undefined;
      publisher.start();
      tabWatch?.start();
      return () => {
        if (!listeners.delete(own) || listeners.size > 0) return;
        publisher.stop();
        tabWatch?.stop();
      };
    },
    controls: {
      pause: byHand(() => sync.pause()),
      resume: byHand(() => sync.resume()),
      reconnect: byHand(() => sync.reconnect()),
      repair: byHand(repair),
      setFaults: byHand((plan, options) => {
        if (plan && isStock) throw new Error(noFaultsHere);
        faultControl.set(plan, options);
      }),
      loadCoValue: (id) => loadCoValue(inspection.node, id),
      record: recorder.begin,
      replay: (recording) => replayRecording(recording, inspection, snapshotOnce),
      ...storageWatch.controls,
    },
    close() {
      relayAsks.close();
      recorder.close();
      messages.close();
      storageWatch.close();
      lag.close();
      faultControl.close();
      overview.close();
      for (const stop of stopFollowingHands) stop();
      stopListening();
      passed.close();
      listeners.clear();
      publisher.stop();
      tabWatch?.stop();
    },
  };
}

function snapshotOnce(sync: SyncPeers): InspectorSnapshot {
  const inspector = createInspector(sync);
  const snapshot = inspector.snapshot();
  inspector.close();
  return snapshot;
}
