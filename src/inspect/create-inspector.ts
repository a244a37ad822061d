import { systemClock } from '../base/clock.ts';
import { callListener, type Readable } from '../base/readable.ts';
import { cojsonVersion, kernelVersion } from '../base/version.ts';
import { findCoValue } from '../engine/private-fields.ts';
import { readUrlSources, type SyncInspection } from '../sync/inspection.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { SyncState } from '../sync/sync-state.ts';
import { createCoValueReader } from './covalue/covalue-reader.ts';
import { createSizes } from './covalue/covalue-size.ts';
import { loadCoValue } from './covalue/load-covalue.ts';
import { createRelayQueries } from './covalue/relay-queries.ts';
import { createCoValueList } from './covalue/list/covalue-list.ts';
import { createFaultControl } from './faults/fault-control.ts';
import { createRecorder } from './faults/recorder.ts';
import { replayRecording } from './faults/replay.ts';
import { followOverview } from './follow-overview.ts';
import type { Inspector, InspectorOptions } from './inspector.ts';
import { createLagView } from './lag/lag-view.ts';
import { createMessageLog } from './messages/message-log.ts';
import { createDroppedLog } from './peers/dropped-log.ts';
import { createFailedRequests } from './peers/failed-requests.ts';
import { readPeers, roundTripLane } from './peers/peer-views.ts';
import { createRelayLog } from './peers/relay-log.ts';
import { momentOf, withSilence } from './peers/silence.ts';
import { defaultUrlSource } from './peers/url-source.ts';
import { createQueueViews } from './queues/queue-views.ts';
import { writeBugReport } from './report/bug-report.ts';
import { resolveTarget } from './resolve-target.ts';
import { createBacklog } from './shared/backlog.ts';
import { createCost } from './shared/cost.ts';
import { createPublisher } from './shared/publisher.ts';
import { createSecondsRing } from './shared/seconds-ring.ts';
import { listenToMessages } from './shared/taps.ts';
import { createMessageCounts } from './shared/traffic.ts';
import {
  type InspectorIncrement,
  inspectorProtocol,
  type InspectorSnapshot,
} from './snapshot/inspector-snapshot.ts';
import type { Relay } from './snapshot/relay-facts.ts';
import type { Versions } from './snapshot/versions.ts';
import { createMemoryView } from './storage/memory-figures.ts';
import { createStorageWatch } from './storage/storage-watch.ts';
import { describeOtherTabs, readTabs, uploadersIn } from './tabs/read-tabs.ts';
import { createTabWatch } from './tabs/tab-watch.ts';
import type { InspectorTarget } from './target.ts';
import { causeOf } from './unsynced/cause.ts';
import { explain } from './unsynced/explain.ts';
import { createLostEdits } from './unsynced/lost-edits.ts';
import { createRefusedEdits } from './unsynced/refused-edits.ts';
import { createRelayDisputes } from './unsynced/relay-disputes.ts';
import { searchText } from './unsynced/search-text.ts';
import { timelineOf } from './unsynced/timeline.ts';
import { createUnsyncedRows } from './unsynced/unsynced-rows.ts';

const historySeconds = 120;
const historyBytes = 256 * 1024;
const noFaultsOnStockNode =
  'Cannot inject faults because the app added this node’s peers itself. Connect the node with `setupSyncPeers` instead.';

/** Throws TypeError if another copy of the kernel created the target. */
export function createInspector(
  target: InspectorTarget,
  { clock = systemClock, stopwatchMs = () => performance.now() }: InspectorOptions = {},
): Inspector {
  const { sync, inspection, isStock, repair } = resolveTarget(target, clock);
  const ring = createSecondsRing({ startMs: clock.nowMs(), seconds: historySeconds, maxBytes: historyBytes });
  const cost = createCost({ ring, clock, stopwatchMs });
  const publisher = createPublisher({ clock, stopwatchMs, read: readIncrement, deliver });
  const onChange = publisher.changed;
  const log = createRelayLog({
    isOnline: () => inspection.page?.isOnline ?? true,
    urlSource(url) {
      const given = inspection.options?.();
      return (
        given &&
        ((given.relays ?? given.url)
          ? 'option'
          : defaultUrlSource(url, readUrlSources(undefined, given.appID)))
      );
    },
    peerOf: (id) => inspection.peers().find((peer) => peer.id === id),
    momentOf: (elapsedMs) => momentOf(elapsedMs, clock),
  });
  const requests = createFailedRequests(inspection);
  const dropped = createDroppedLog({ inspection, clock, onChange });
  const counts = createMessageCounts(ring);
  const memory = createMemoryView(inspection.node);
  const queueViews = createQueueViews(inspection, ring);
  const disputes = createRelayDisputes(inspection, clock.nowMs());
  const sizes = createSizes();
  const unsyncedRows = createUnsyncedRows({
    inspection,
    disputesOf: disputes.of,
    sizeOf: sizes.whole,
    stopwatchMs: cost.stopwatchMs,
  });
  const refusedEdits = createRefusedEdits({ node: inspection.node, clock, onChange: refusalsChanged });
  const lostEdits = createLostEdits({
    node: inspection.node,
    notCounted: (id) => inspection.notCounted?.(id) ?? [],
    notMade: () => refusedEdits.byID,
  });
  const overview = followOverview({
    sync,
    isStock,
    clock,
    note: noteState,
    notMade: () => refusedEdits.count,
  });
  const faultControl = createFaultControl(inspection, clock);
  const recorder = createRecorder({
    inspection,
    clock,
    faults: faultControl.faults,
    relays: () => overview.current.relays,
  });
  const storageWatch = createStorageWatch({ inspection, clock, ring, onChange });
  const relayQueries = createRelayQueries({ inspection, isStock, clock });
  const messages = createMessageLog({
    inspection,
    clock,
    cost,
    onChange,
    relays: () => overview.current.relays,
  });
  const lag = createLagView({ inspection, clock, cost, overview: () => overview.current, onChange });
  const tabWatch = inspection.tabs && createTabWatch({ tabs: inspection.tabs, clock, onChange });
  const listeners = new Set<(increment: InspectorIncrement) => void>();
  let lastUnsynced: InspectorSnapshot['unsynced'] | undefined;
  const coValueList = createCoValueList({ node: inspection.node, sizes, clock, cost, onChange });
  let coValueReader: ReturnType<typeof createCoValueReader> | undefined;

  const stopFollowing = [faultControl.faults, recorder.recording].map((readable: Readable<unknown>) =>
    readable.subscribe(onChange),
  );

  const backlog = createBacklog<() => void>({
    clock,
    cost,
    onWorked: onChange,
    work(steps) {
      for (const step of steps) step();
    },
  });

  const stopListening = listenToMessages(inspection, (direction, peerID, message, bytes, atMs) => {
    // Read the depths now: the queue may be empty by the time the backlog runs.
    const depths = direction === 'sent' ? queueViews.depthsOf(peerID) : undefined;
    backlog.add([
      () => {
        counts.add(direction, peerID, message, bytes, atMs);
        if (depths) queueViews.noteDepths(peerID, depths, atMs);
        else disputes.noteReceived(peerID, message, atMs);
      },
    ]);
    onChange();
  });

  function refusalsChanged(): void {
    overview.refresh();
    onChange();
  }

  function noteState({ peers }: SyncState): readonly Relay[] {
    const nowMs = clock.nowMs();
    log.note(peers, nowMs);
    requests.note(peers, nowMs);
    for (const { id, roundTripMs } of log.relays) {
      if (roundTripMs !== undefined) ring.measure(roundTripLane(id), nowMs, roundTripMs);
    }
    onChange();
    return log.relays;
  }

  /** Reuses a subscriber's rows, because there may be thousands. */
  function unsyncedNow(): InspectorSnapshot['unsynced'] {
    return (listeners.size > 0 ? lastUnsynced : undefined) ?? readUnsynced(overviewNow(), true);
  }

  function overviewNow(): InspectorSnapshot['overview'] {
    return withSilence(overview.current, inspection.peers(), clock);
  }

  function readUnsynced(
    { relays, status, error, storage }: InspectorSnapshot['overview'],
    isShort = false,
  ): InspectorSnapshot['unsynced'] {
    const nowMs = clock.nowMs();
    // A device without free space can still be read.
    const readError =
      storage.state === 'failing' && storage.error?.code !== 'STORAGE_FULL' ? storage.error : undefined;
    const queuesByRelayID = queueViews.waitingByRelayID();
    const tabs = describeOtherTabs(tabWatch);
    const evidence = {
      ...{ status, relays, queuesByRelayID, nowMs },
      ...(readError && { readError }),
      isLoaded: (id: string) => findCoValue(inspection.node, id)?.isAvailable() === true,
      ...(error && { error }),
      tabs,
      ...(inspection.tabs && { leftTo: uploadersIn(inspection.tabs, tabs, relays) }),
    };
    const rows = unsyncedRows.read(evidence, isShort);
    return lostEdits.addTo(rows, overview.current, sync.current.notCounted.ids);
  }

  function coValues(): ReturnType<typeof createCoValueReader> {
    return (coValueReader ??= createCoValueReader(
      inspection,
      () => ({ atMs: clock.nowMs(), overview: overview.current, unsynced: unsyncedNow() }),
      cost.measured,
    ));
  }

  function snapshot(isShort = false): InspectorSnapshot {
    backlog.catchUp();
    const atMs = clock.nowMs();
    const shown = overviewNow();
    const { relays } = shown;
    return {
      protocol: inspectorProtocol,
      atMs,
      overview: shown,
      unsynced: readUnsynced(shown, isShort),
      queues: queueViews.read(relays, atMs),
      peers: readPeers(
        inspection,
        { relays, changesOf: log.changesOf },
        requests,
        dropped,
        counts,
        ring,
        atMs,
      ),
      messages: messages.log.counts,
      storage: storageWatch.read(sync.current.storage, atMs),
      lag: lag.read(atMs),
      memory: memory.read(atMs),
      tabs: readTabs(inspection, tabWatch, overview.current),
      faults: faultControl.now,
      recording: recorder.now,
      cost: cost.read(atMs),
      versions: readVersions(inspection),
    };
  }

  function publishingSoon<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
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

  /** The listeners' work counts towards the cost. */
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
    bugReport: () =>
      cost.measured(() =>
        writeBugReport(snapshot(), {
          explain: (id, shown) => explain(id, shown, inspection.node),
          causeOf,
          story: (row, { relays }) => timelineOf(row, relays, messages.log.about),
        }),
      ),
    contentWords: (id) => searchText(inspection.node, id),
    story: (row) => timelineOf(row, overview.current.relays, messages.log.about),
    askRelays: (id) => relayQueries.askAll(id, overview.current.relays),
    coValue: (id) => coValues().facts(id),
    get coValues() {
      return coValues();
    },
    listCoValues: (wanted = {}) => cost.measured(() => coValueList.list(wanted, unsyncedNow())),
    subscribe(listener) {
      const entry = (increment: InspectorIncrement) => listener(increment);
      listeners.add(entry);
      // The new subscriber has not received the current rows.
      lastUnsynced = undefined;
      publisher.start();
      tabWatch?.start();
      return () => {
        if (!listeners.delete(entry) || listeners.size > 0) return;
        publisher.stop();
        tabWatch?.stop();
      };
    },
    controls: {
      pause: publishingSoon(() => sync.pause()),
      resume: publishingSoon(() => sync.resume()),
      reconnect: publishingSoon(() => sync.reconnect()),
      repair: publishingSoon(repair),
      dismiss: publishingSoon(refusedEdits.dismiss),
      setFaults: publishingSoon((plan, options) => {
        if (plan && isStock) throw new Error(noFaultsOnStockNode);
        faultControl.set(plan, options);
      }),
      loadCoValue: (id) => loadCoValue(inspection.node, id),
      record: recorder.begin,
      replay: (recording) => replayRecording(recording, inspection, snapshotOnce),
      ...storageWatch.controls,
    },
    close() {
      requests.close();
      relayQueries.close();
      recorder.close();
      messages.close();
      storageWatch.close();
      lag.close();
      dropped.close();
      coValueList.close();
      refusedEdits.close();
      faultControl.close();
      overview.close();
      for (const stop of stopFollowing) stop();
      stopListening();
      backlog.close();
      listeners.clear();
      publisher.stop();
      tabWatch?.stop();
    },
  };
}

function readVersions({ options, page }: SyncInspection): Versions {
  const app = options?.()?.appVersion;
  const userAgent = page?.userAgent;
  return {
    kernel: kernelVersion,
    cojson: cojsonVersion,
    ...(app !== undefined && { app }),
    ...(userAgent !== undefined && { userAgent }),
  };
}

function snapshotOnce(sync: SyncPeers): InspectorSnapshot {
  const inspector = createInspector(sync);
  const snapshot = inspector.snapshot();
  inspector.close();
  return snapshot;
}
