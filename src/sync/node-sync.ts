import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../base/logger.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { isEqual } from '../base/equal.ts';
import { createPacer } from '../base/pacer.ts';
import { paceReleases } from '../engine/release-pacing.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable } from '../base/readable.ts';
import type { DeviceStorage } from '../storage/device-storage.ts';
import type { Transport } from '../transport/transport.ts';
import { createPendingWrites } from './pending-writes.ts';
import { offerConfirmations } from './confirmations.ts';
import type { KnownCounts } from '../engine/known-counts.ts';
import { describeSync } from './describe-sync.ts';
import { drain } from './drain.ts';
import { restoreEarlierRun } from './earlier-run.ts';
import { followNode } from './follow-node.ts';
import { offerInspection } from './inspection.ts';
import { createLadder } from './ladder.ts';
import { createNodeRelays } from './node-relays.ts';
import { importOthersEdits } from './others-edits.ts';
import type { RelayMemory } from '../storage/relay-memory.ts';
import type { RelayTargets } from './relay-targets.ts';
import { createRungWaits } from './rung-waits.ts';
import { createSavedWaits } from './saved-waits.ts';
import { createSyncEvents } from './sync-events.ts';
import type { SyncOptions, SyncPeers } from './sync-peers.ts';
import type { SyncState } from './sync-state.ts';
import type { CreateTabs } from './tabs/tabs.ts';
import { unloadUnused } from './unloading.ts';
import { trackByLadder } from './unsynced-tracking.ts';
import { createUnconfirmedMarks } from './unconfirmed-marks.ts';
import { createUnsyncedCoValues } from './unsynced-covalues.ts';
import { refusalOf, syncClosed } from './wait-errors.ts';

/** One node's sync: the ladder of its edits, and the connections to its relays. */
export interface NodeSync {
  readonly peers: SyncPeers;
  /** Undefined if the node has no relays. */
  readonly targets: RelayTargets | undefined;
  /** Call once. */
  connect(targets: RelayTargets, options: SyncOptions): void;
  /** Sets the reason why there is no relay to connect to. */
  fail(error: KernelError): void;
}

export function createNodeSync(options: {
  readonly node: LocalNode;
  readonly storage: Pick<DeviceStorage, 'status'>;
  /** Used if the options name none. */
  readonly transports: readonly [Transport, ...Transport[]];
  readonly platform: Pick<Platform, 'clock' | 'nextTask' | 'page' | 'random'>;
  readonly logger: Logger;
  readonly memory: RelayMemory;
  /** Undefined if the node shares its database with no other tab. */
  readonly createTabs: CreateTabs | undefined;
  readonly onClosed: () => void;
}): NodeSync {
  const { node, storage, transports, platform, createTabs, onClosed } = options;
  const { clock, nextTask, page } = platform;
  const pacer = createPacer({ nowMs: clock.nowMs, nextTask });
  const marks = createUnconfirmedMarks(node.storage);
  const tracking = trackByLadder(node);
  const events = createSyncEvents();
  const ladder = createLadder({
    clock,
    canSave: () => storage.status.current.state !== 'memory-only',
    isComplete: () => isComplete,
    onPending(id) {
      marks.set(id, true);
      tracking.set(id, true);
      relays.wake();
    },
    onDone(id, edits, isOwn) {
      tracking.set(id, false);
      if (isOwn) marks.set(id, false);
      tabs?.done(id, edits, isOwn);
      waits.done(id);
    },
    onConfirmed(id, relayID, edits) {
      relays.confirmed(id, relayID, edits);
      events.emit('sync', { peerID: relayID, id });
    },
    onChange: changed,
  });
  const tabs = createTabs?.({
    node,
    ladder,
    marks,
    storage,
    platform,
    pacer,
    logger: options.logger,
    peers: () => current().peers,
    storageOf: (relayID) => relays.storageOf(relayID),
    onSent: (relayID, id, counts) => relays.sentElsewhere(relayID, id, counts),
    onChanged: (id) => events.changed(id, 'tab'),
  });
  const relays = createNodeRelays({
    ...options,
    pacer,
    ladder,
    marks,
    events,
    tabs,
    onChange: changed,
  });
  const saving = createSavedWaits(
    (id) => !isClosed && storage.status.current.state === 'ok' && ladder.isPending(id, 'saved'),
  );
  let settle: (leftBehind: ReadonlyMap<string, KnownCounts>) => void = () => {};
  const settled = new Promise<ReadonlyMap<string, KnownCounts>>((resolve) => (settle = resolve));
  const waits = createRungWaits({
    ladder,
    clock,
    settled,
    refusal: (rung) => refusalOf(rung, { state: current(), failure }),
  });
  let failure: KernelError | undefined;
  let isComplete = false;
  let closing: Promise<void> | undefined;
  let isClosed = false;
  let cancelPublish: (() => void) | undefined;
  let latest: SyncState | undefined;

  const pendingWrites = createPendingWrites();
  const unloading = unloadUnused({ node, ladder, pendingWrites, status: storage.status, clock, pacer });
  const unfollow = followNode({
    node,
    ladder,
    marks,
    relays,
    tabs,
    pendingWrites,
    events,
    onChange: changed,
  });
  const releases = paceReleases(node, pacer);
  const state = createReadable(current(), isEqual);
  const stopListening = [
    storage.status.subscribe(() => changed()),
    // A page that is closing can still send during this event.
    page.on('hide', () => publish()),
  ];
  restoreEarlierRun({
    storage: node.storage,
    marks,
    ladder,
    reportedCounts: relays.reportedCounts,
    settled(leftBehind) {
      isComplete = true;
      tabs?.recalled(leftBehind.keys());
      relays.settled();
      settle(leftBehind);
      changed();
    },
  });

  function current(): SyncState {
    return (latest ??= describeSync({
      ladder,
      storage: storage.status.current,
      isComplete,
      failure,
      relays: relays.all.map((relay) => relay.facts()),
    }));
  }

  function changed(): void {
    latest = undefined;
    if (isClosed) return;
    cancelPublish ??= clock.after(0, publish);
  }

  function publish(): void {
    cancelPublish?.();
    cancelPublish = undefined;
    marks.write();
    relays.ask();
    relays.check();
    state.set(current());
    saving.check();
    waits.check();
  }

  async function flush(): Promise<void> {
    publish();
    for (const { connection } of relays.all) if (connection.state.phase === 'waiting') connection.reconnect();
    // Content that is only in storage is sent once it is loaded.
    void node.syncManager.resumeUnsyncedCoValues();
    await waits.when('sent');
  }

  async function close(): Promise<void> {
    publish(); // Includes edits of the current turn.
    await drain(state, clock, () => ladder.hasOwnPending('sent'));
    relays.close();
    isClosed = true;
    publish();
    waits.close(syncClosed());
    tabs?.close();
    for (const stop of stopListening) stop();
    unloading.end();
    releases.end();
    tracking.end();
    unfollow();
    events.close();
    onClosed();
  }

  const peers: SyncPeers = {
    get current() {
      return current();
    },
    subscribe(listener) {
      // Publish first, so a new subscriber never gets the state before the latest edit.
      if (cancelPublish) publish();
      return state.subscribe(listener);
    },
    pause: () => relays.all.forEach(({ connection }) => connection.pause()),
    resume: () => relays.all.forEach(({ connection }) => connection.resume()),
    reconnect: () => relays.all.forEach(({ connection }) => connection.reconnect()),
    flush,
    whenSaved: (target, wait) => waits.when('saved', target, wait),
    whenConfirmed: (target, wait) => waits.when('confirmed', target, wait),
    whenDurable: (target, wait) => waits.when('durable', target, wait),
    on: events.on,
    close: () => (closing ??= close()),
  };
  const readUnsynced = createUnsyncedCoValues(ladder.pending);
  offerInspection(peers, {
    node,
    unsynced() {
      const { durability } = current();
      const { relayIDs } = ladder;
      return readUnsynced({ relayIDs, durability, storage: storage.status.current });
    },
    waiting: ladder.waiting,
    peers: () => relays.all.map((relay) => relay.inspect()),
    setTap: relays.setTap,
    setFrameTap: (tap) => void (relays.channelHooks.tap = tap),
    setRungTap: ladder.setTap,
    setTransportWrap: (wrap) => void (relays.channelHooks.wrap = wrap),
    redial: relays.redial,
    onEvent: events.tap,
    tabs: tabs?.inspection,
  });
  offerConfirmations(peers, {
    settled,
    isConfirmed: (id) => isComplete && !ladder.isPending(id, 'confirmed'),
    whenSaved: saving.whenSaved,
    pendingAt: (rung) => [...ladder.pending.keys()].filter((id) => ladder.isPending(id, rung)) as RawCoID[],
    onOwnSessionClaim: relays.onOwnSessionClaim,
    acceptKnown: relays.acceptKnown,
    whenAnswered: relays.whenAnswered,
    importOthersEdits: () => importOthersEdits({ node, marks, ladder }),
  });
  return {
    peers,
    get targets() {
      return relays.targets;
    },
    connect(targets, { transports: [first, ...others] = [], appVersion }) {
      failure = undefined;
      relays.connect(targets, { transports: first ? [first, ...others] : transports, appVersion });
    },
    fail(error) {
      failure = error;
      changed();
    },
  };
}
