import { type Clock, systemClock } from '../platform/clock.ts';
import { createKernelError } from '../platform/kernel-error.ts';
import { callListener, createReadable, type Readable } from '../platform/readable.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { CoValueFacts } from './co-value/co-value-facts.ts';
import { contentWords } from './content-words.ts';
import { createCoValueReader, type CoValueReader } from './co-value/co-value-reader.ts';
import { loadCoValue } from './co-value/load-co-value.ts';
import { explain, type Explanation } from './explain.ts';
import type { FaultPlan } from '../transport/faulty-transport.ts';
import { isCoValueID } from '../transport/ids.ts';
import { createFaultControl } from './faults/fault-control.ts';
import type { FaultOptions, Faults } from './faults/faults.ts';
import { inspectedFrom, type InspectorTarget } from './inspected.ts';
import { createMemoryView } from './memory-figures.ts';
import { createMessageCounts } from './message-counts.ts';
import { createLagView } from './lag/lag-view.ts';
import { listenToMessages } from './message-tap.ts';
import { createMessageLog, type MessageLog } from './messages/message-log.ts';
import { overviewOf } from './overview.ts';
import { readPeers, roundTripLane } from './peer-views.ts';
import { createPublisher } from './publisher.ts';
import { createQuarrels } from './quarrels.ts';
import { createQueueViews } from './queue-views.ts';
import { createRecorder, type RecordingState } from './recording/recorder.ts';
import { replayRecording } from './recording/replay.ts';
import { createRelayAsks, type RelayAnswer } from './relay-asks.ts';
import { createRelayLog } from './relay-log.ts';
import { createStorageWatch, type StorageControls } from './storage/storage-watch.ts';
import { createSecondsRing } from './seconds-ring.ts';
import {
  type InspectorIncrement,
  inspectorProtocol,
  type InspectorSnapshot,
  type Overview,
  type UnsyncedRow,
} from './snapshot.ts';
import { storyOf, type Story } from './story.ts';
import { readTabs } from './tabs/read-tabs.ts';
import { createTabWatch } from './tabs/tab-watch.ts';
import { createUnsyncedRows } from './unsynced-rows.ts';

/** Reads a running sync. Reading has no side effect; what acts are the `controls`. */
export interface Inspector {
  readonly protocol: number;
  /** Follows the sync all the time: a few figures, made from the sync state alone. */
  readonly overview: Readable<Overview>;
  /** Those that this inspector has set. */
  readonly faults: Readable<Faults | undefined>;
  /** The one that runs, or that ended by itself and was not fetched yet. */
  readonly recording: Readable<RecordingState | undefined>;
  /** Each message to and from the relays, since this inspector was made. */
  readonly messages: MessageLog;
  snapshot(): InspectorSnapshot;
  /** Why a CoValue is not synced, with what it rests on and what to do. Loads nothing. */
  explain(id: string): Explanation;
  /**
   * The values of a CoValue that the app has open, as words to search in: at most 2,000 characters, and empty where the
   * account cannot read it. Opens and decrypts nothing.
   */
  contentWords(id: string): string;
  /** What has happened to a CoValue that is not synced, as a snapshot has it, with the messages that say so. */
  story(row: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt'>): Story;
  /** One CoValue: its header, group, size, and which relay has said what of it. Loads nothing: of what is not in memory it says so. */
  coValue(id: string): CoValueFacts;
  /** What can be much of one CoValue, by the page: members, sessions, transactions, the value as a tree. */
  readonly coValues: CoValueReader;
  /**
   * Asks each relay what it has committed of a CoValue, loaded here or not, and resolves within 10 s with what each said, or
   * why it said nothing. It sends a message to the relays that offer this, which nothing else here does unasked; the CoValue
   * is loaded neither there nor here. At most 20 questions to a relay are open at a time. Rejects with MESSAGE_INVALID for
   * what is not the ID of a CoValue.
   */
  askRelays(id: string): Promise<readonly RelayAnswer[]>;
  /**
   * Calls with what changed, soon after it did and at least once a second, seldomer when reading takes long.
   * While nobody is subscribed nothing is read; messages are still counted by the second, in bounded memory. While somebody
   * is, the account's other tabs are asked once a second who is there.
   */
  subscribe(listener: (increment: InspectorIncrement) => void): () => void;
  readonly controls: StorageControls & {
    pause(): void;
    resume(): void;
    /** Tries now, whatever the back-off says. */
    reconnect(): void;
    /** Has cojson's tracker forget a CoValue that every relay has, in a node whose peers the app adds itself. Sends nothing. */
    repair(id: string): void;
    /**
     * Loads a CoValue, of this device or a relay, and opens it as the app would; false where neither has it. It leaves the
     * memory again like any other that nobody uses. Rejects with MESSAGE_INVALID for what is not the ID of a CoValue.
     */
    loadCoValue(id: string): Promise<boolean>;
    /**
     * Breaks the connections to relays as the plan says, until its time is over, this inspector is closed, or it is called
     * with undefined. Connections are made anew at the beginning and at the end. Throws RangeError for a plan that makes no
     * sense.
     */
    setFaults(plan: FaultPlan | undefined, options?: FaultOptions): void;
    /**
     * Records what arrives from the relays, with what the node has besides, until `stop` returns it as lines of JSON. It ends
     * by itself before it passes 16 MB. It holds what a relay is given to see, and no key: private values are encrypted in
     * it. Throws where one runs already.
     */
    record(): { stop(): string };
    /**
     * Gives a recording to a node of its own, without keys, storage and relay, and answers how that ends: see `replay` in the
     * snapshot. This node is not touched. Rejects with MESSAGE_INVALID for what is no recording.
     */
    replay(recording: string): Promise<InspectorSnapshot>;
  };
  /** Lets go of the sync, which goes on. Safe to call twice. */
  close(): void;
}

export interface InspectorOptions {
  readonly clock?: Clock;
  /** For what inspecting itself costs: finer than the clock. */
  readonly stopwatchMs?: () => number;
}

export type { InspectorTarget };

const historySeconds = 120;
const historyBytes = 256 * 1024;
const costSeconds = 5;
const noFaultsHere =
  'This node’s peers are the app’s own, and faults stand in the kernel’s transport. Connect it by `setupSyncPeers`.';

/** Throws where this copy of the kernel did not make the target: two copies in one page do not see each other. */
export function createInspector(
  target: InspectorTarget,
  { clock = systemClock, stopwatchMs = () => performance.now() }: InspectorOptions = {},
): Inspector {
  const { sync, inspection, isStock, repair } = inspectedFrom(target, clock);
  const ring = createSecondsRing({ startMs: clock.nowMs(), seconds: historySeconds, maxBytes: historyBytes });
  const log = createRelayLog();
  const counts = createMessageCounts(ring);
  const memory = createMemoryView(inspection.node);
  const queueViews = createQueueViews(inspection, ring);
  const quarrels = createQuarrels(inspection);
  const unsyncedRows = createUnsyncedRows(inspection, quarrels.of);
  const overview = createReadable(overviewOf(sync.current, log.relays, isStock));
  const faultControl = createFaultControl(inspection, clock);
  const recorder = createRecorder({
    ...{ inspection, clock, faults: faultControl.faults },
    relays: () => overview.current.relays,
  });
  const storageWatch = createStorageWatch({
    ...{ inspection, clock, ring },
    onChange: () => publisher.changed(),
  });
  const relayAsks = createRelayAsks({ inspection, isStock, clock });
  const listeners = new Set<(increment: InspectorIncrement) => void>();
  const publisher = createPublisher(clock, publish);
  const messages = createMessageLog({
    ...{ inspection, clock, stopwatchMs, relays: () => overview.current.relays },
    onChange: () => publisher.changed(),
    onCost: (ms) => ring.count('cost', clock.nowMs(), ms),
  });
  const lag = createLagView({
    ...{ inspection, clock, stopwatchMs },
    overview: () => overview.current,
    onChange: () => publisher.changed(),
    onCost: (ms) => ring.count('cost', clock.nowMs(), ms),
  });
  const tabWatch =
    inspection.tabs && createTabWatch({ tabs: inspection.tabs, clock, onChange: () => publisher.changed() });
  let lastUnsynced: InspectorSnapshot['unsynced'] | undefined;

  let coValueReader: ReturnType<typeof createCoValueReader> | undefined;

  const stopFollowing = sync.subscribe((state) => {
    const nowMs = clock.nowMs();
    log.note(state.peers, nowMs);
    for (const { id, roundTripMs } of log.relays) {
      if (roundTripMs !== undefined) ring.measure(roundTripLane(id), nowMs, roundTripMs);
    }
    overview.set(overviewOf(state, log.relays, isStock));
    publisher.changed();
  });

  const stopFollowingHands = [faultControl.faults, recorder.recording].map((what: Readable<unknown>) =>
    what.subscribe(() => publisher.changed()),
  );

  const stopListening = listenToMessages(inspection, (direction, peerID, message, bytes, atMs) => {
    const beganMs = stopwatchMs();
    counts.tap(direction, peerID, message, bytes, atMs);
    if (direction === 'sent') queueViews.noteDepths(peerID, atMs);
    else quarrels.heard(peerID, message, atMs);
    publisher.changed();
    ring.count('cost', atMs, stopwatchMs() - beganMs);
  });

  /** Who is subscribed has the rows read anyway: there may be thousands. */
  function unsyncedNow(): InspectorSnapshot['unsynced'] {
    return (listeners.size > 0 ? lastUnsynced : undefined) ?? readUnsynced();
  }

  function readUnsynced(): InspectorSnapshot['unsynced'] {
    const { relays, status, error } = overview.current;
    return unsyncedRows.read({
      status,
      ...(error && { error }),
      relays,
      queuesByRelayID: queueViews.waitingByRelayID(),
    });
  }

  function coValues(): ReturnType<typeof createCoValueReader> {
    return (coValueReader ??= createCoValueReader(
      inspection,
      () => ({ atMs: clock.nowMs(), overview: overview.current, unsynced: unsyncedNow() }),
      (read) => {
        const beganMs = stopwatchMs();
        const answer = read();
        ring.count('cost', clock.nowMs(), stopwatchMs() - beganMs);
        return answer;
      },
    ));
  }

  function snapshot(): InspectorSnapshot {
    const beganMs = stopwatchMs();
    const atMs = clock.nowMs();
    const { relays } = overview.current;
    const views = {
      protocol: inspectorProtocol,
      atMs,
      overview: overview.current,
      unsynced: readUnsynced(),
      queues: queueViews.read(relays, atMs),
      peers: readPeers(inspection, log, counts, ring, atMs),
      messages: messages.log.counts,
      storage: storageWatch.read(sync.current.storage, atMs),
      lag: lag.read(atMs),
      memory: memory.read(atMs),
      tabs: readTabs(inspection, tabWatch, overview.current),
      faults: faultControl.now,
      recording: recorder.now,
    };
    ring.count('cost', atMs, stopwatchMs() - beganMs);
    const msPerSecond = ring.perSecond('cost', atMs, costSeconds);
    const eventsPerSecond = ring.perSecond('events', atMs, costSeconds);
    return { ...views, cost: { msPerSecond, eventsPerSecond } };
  }

  async function askRelays(id: string): Promise<readonly RelayAnswer[]> {
    if (!isCoValueID(id)) {
      throw createKernelError(
        'MESSAGE_INVALID',
        `“${id.slice(0, 80)}” is not the ID of a CoValue, so no relay was asked for it. Check where it comes from.`,
      );
    }
    return Promise.all(
      overview.current.relays.map(async ({ id: relayID, host }) => ({
        ...{ relayID, relay: host },
        ...(await relayAsks.ask(relayID, id)),
      })),
    );
  }

  function publish(): number {
    const beganMs = stopwatchMs();
    const { unsynced, ...increment } = snapshot();
    const changed = unsynced === lastUnsynced ? increment : { ...increment, unsynced };
    lastUnsynced = unsynced;
    for (const listener of [...listeners]) callListener(listener, changed);
    return stopwatchMs() - beganMs;
  }

  return {
    protocol: inspectorProtocol,
    overview,
    faults: faultControl.faults,
    recording: recorder.recording,
    messages: messages.log,
    snapshot,
    explain: (id) => explain(id, snapshot(), inspection.node),
    contentWords: (id) => contentWords(inspection.node, id),
    story: (row) => storyOf(row, overview.current.relays, messages.log),
    askRelays,
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
      pause: () => sync.pause(),
      resume: () => sync.resume(),
      reconnect: () => sync.reconnect(),
      repair(id) {
        repair(id);
        publisher.changed();
      },
      setFaults(plan, options) {
        if (plan && isStock) throw new Error(noFaultsHere);
        faultControl.set(plan, options);
      },
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
      stopFollowing();
      for (const stop of stopFollowingHands) stop();
      stopListening();
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
