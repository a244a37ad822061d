import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../base/logger.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { isEqual } from '../base/equal.ts';
import { createPacer } from '../base/pacer.ts';
import { localCounts } from '../engine/covalue-lookup.ts';
import { listen } from '../engine/node-events.ts';
import { paceReleases } from '../engine/release-pacing.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable } from '../base/readable.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import type { Transport } from '../transport/transport.ts';
import type { AccountKeys } from './auth/account-proof.ts';
import { createPendingWrites } from './delivery/pending-writes.ts';
import { offerConfirmations } from './confirmations.ts';
import { createDroppedContent } from './relays/dropped-content.ts';
import { readStoredFirst } from './relays/stored-first.ts';
import { createDebtBook } from './delivery/debt-book.ts';
import type { KnownCounts } from '../engine/known-counts.ts';
import { drain, drainMs } from './relays/drain.ts';
import { followNode } from './delivery/follow-node.ts';
import { offerInspection } from './inspection.ts';
import { createLadder, type Recalled } from './delivery/ladder.ts';
import { createNodeRelays } from './relays/node-relays.ts';
import type { RelayMemory } from '../storage/remembered-relay.ts';
import { createMarksLedger } from './delivery/marks-ledger.ts';
import { readDebts, readOwedIDs, recallEarlierRun } from './delivery/recall.ts';
import { createDeviceStates } from './delivery/device-states.ts';
import { readRelayAuths, type RelayTargets } from './relay-targets.ts';
import { endReleasedElsewhere } from './relays/released-elsewhere.ts';
import { assertCountedRung } from './rungs.ts';
import { createRungWaits } from './delivery/rung-waits.ts';
import { createSavedWaits } from './delivery/saved-waits.ts';
import { createSyncEvents } from './sync-events.ts';
import type { CloseOptions, SyncOptions, SyncPeers } from './sync-peers.ts';
import { createSyncView } from './sync-view.ts';
import type { CreateTabs } from './tabs/tabs.ts';
import { unloadUnused } from './memory/unloading.ts';
import { trackByLadder } from './delivery/unsynced-tracking.ts';
import { createValidity } from './delivery/validity.ts';
import { notReached, refusalOf, syncClosed } from './delivery/wait-errors.ts';

/** One node's sync: the ladder of its edits, and the connections to its relays. */
export interface NodeSync {
  readonly peers: SyncPeers;
  /** Undefined if the node has no relays. */
  readonly targets: RelayTargets | undefined;
  /** What `connect` was called with. */
  readonly options: SyncOptions | undefined;
  /** Call once. */
  connect(targets: RelayTargets, options: SyncOptions): void;
  /** Sets the reason why there is no relay to connect to. */
  fail(error: KernelError): void;
  /** After it was closed: another sync counts the node's edits from here on. */
  replaced(): void;
}

const flushMs = 1_000;

export function createNodeSync(options: {
  readonly node: LocalNode;
  readonly storage: Pick<KernelDeviceStorage, 'status' | 'ledger' | 'useNode'>;
  /** Used if the options name none. */
  readonly transports: readonly [Transport, ...Transport[]];
  readonly platform: Pick<Platform, 'clock' | 'nextTask' | 'page' | 'random'>;
  readonly logger: Logger;
  readonly memory: RelayMemory;
  /** Undefined if the node shares its database with no other tab. */
  readonly createTabs: CreateTabs | undefined;
  /** As in `SyncToBegin`. */
  readonly takesReplays: boolean;
  readonly account?: AccountKeys | undefined;
  readonly onClosed: () => void;
}): NodeSync {
  const { node, storage, transports, platform, createTabs, onClosed } = options;
  const { clock, nextTask, page } = platform;
  const pacer = createPacer({ nowMs: clock.elapsedMs, nextTask });
  const ledger = storage.ledger ?? createMarksLedger(node.storage);
  storage.useNode?.(node);
  const states = createDeviceStates(node);
  const ending = new AbortController();
  const debts = createDebtBook({
    ledger,
    clock,
    generationOf: (relayID) => relays.generationOf(relayID),
    isRecorded: (relayID, generation) => relays.isRecorded(relayID, generation),
    isUploading: (relayID, id) => relays.isUploading(relayID, id),
    record: (relayID, latest) => relays.record(relayID, latest),
    signal: ending.signal,
  });
  const tracking = trackByLadder(node);
  const events = createSyncEvents();
  const droppedContent = createDroppedContent({
    node,
    clock,
    pacer,
    takesReplays: options.takesReplays,
    onDropped: (dropped) => events.emit('dropped', dropped),
  });
  const stopReadingFirst = readStoredFirst(node);
  const validity = createValidity({ node, pacer, events, onChange: () => changed() });
  const ladder = createLadder({
    clock,
    canSave: () => storage.status.current.state !== 'memory-only',
    isCurrent: (relayID, generation) => relays.isCurrent(relayID, generation),
    onOwed: debts.owe,
    onSettled(id, counts, relayID) {
      debts.settle(id, counts, relayID);
      validity.confirmed(id, counts);
    },
    onReleased: debts.release,
    onPending(id) {
      if (isClosed) return;
      tracking.set(id, true);
      relays.wake();
    },
    onDone(id, edits, isOwn) {
      tracking.set(id, false);
      if (isOwn) ledger.settled(id);
      tabs?.done(id, edits, isOwn);
      waits.done(id);
      validity.done(id);
    },
    onConfirmed(id, relayID) {
      events.emit('sync', { peerID: relayID, id });
    },
    onMissing: (id, need) => waits.missing(id, need),
    onChange(id) {
      waits.changed(id);
      changed();
    },
  });
  const tabs = createTabs?.({
    node,
    ladder,
    debts,
    readDebts: () => readDebts(recalling),
    storage,
    platform,
    pacer,
    logger: options.logger,
    peers: () => view.current().peers,
    generationOf: (relayID) => relays.generationOf(relayID),
    isCurrent: (relayID, generation) => relays.isCurrent(relayID, generation),
    onSent: (relayID, id, counts) => relays.sentElsewhere(relayID, id, counts),
    onFreed: () => relays.wakeCouriers(),
    onChanged(id) {
      validity.changed(id);
      events.changed(id, 'tab');
    },
  });
  // No ledger knows of what an app's own node has from before.
  const earlier = new Map(
    storage.ledger ? [] : [...node.allCoValues()].map(({ id }) => [id, localCounts(node, id)] as const),
  );
  const relays = createNodeRelays({
    droppedContent,
    ...options,
    earlier,
    pacer,
    ladder,
    ledger,
    debts,
    states,
    events,
    tabs,
    onNotHere: endReleasedElsewhere({
      node,
      ladder,
      states,
      ledger,
      readDebts() {
        debts.writeDebts();
        return readDebts(recalling);
      },
    }),
    onCompared: () => void recount(),
    onChange: changed,
  });
  const recalling = {
    ledger,
    states,
    relayIDs: () => ladder.relayIDs,
    onGenerations: relays.foundGenerations,
    clock,
    nextTask,
  };
  let failure: KernelError | undefined;
  let given: SyncOptions | undefined;
  let isComplete = false;
  const view = createSyncView({
    ladder,
    storageStatus: () => storage.status.current,
    validity,
    relays,
    isComplete: () => isComplete,
    failure: () => failure,
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
    isCertain: view.isCertain,
    validity,
    refusal: (rung) => refusalOf(rung, { state: view.current(), failure }),
  });
  let closing: Promise<void> | undefined;
  let isClosed = false;
  let cancelPublish: (() => void) | undefined;

  const pendingWrites = createPendingWrites();
  const unloading = unloadUnused({ node, ladder, pendingWrites, status: storage.status, clock, pacer });
  let unfollow = followNode({
    node,
    ladder,
    debts,
    validity,
    relays,
    tabs,
    pendingWrites,
    events,
    onChange: changed,
  });
  const releases = paceReleases(node, pacer);
  const state = createReadable(view.current(), isEqual);
  const stopListening = [
    storage.status.subscribe(() => changed()),
    // A page that is closing can still send during this event.
    page.on('hide', () => {
      void debts.flush();
      publish();
    }),
  ];
  for (const [id, counts] of earlier) ladder.missing(id, counts);
  const { logger } = options;
  void recallEarlierRun({ ...recalling, count: countRecalled, logger, signal: ending.signal }).then(
    (leftBehind) => {
      if (!leftBehind) return;
      isComplete = true;
      relays.settled();
      settle(leftBehind);
      changed();
    },
  );

  /** The node stays usable after the sync is closed: its edits are pending, and owed in later runs. */
  function recordEdits(): () => void {
    return listen(node, { edited: ladder.edited, storing: debts.writeDebts, stored: ladder.saved });
  }

  function countRecalled(id: RawCoID, recalled: Recalled): void {
    validity.recalled(id, recalled);
    ladder.recalled(id, recalled);
    relays.recalled(id, recalled.need);
  }

  /** What one relay lacks, the others may have: the ledger knows, also of tabs that were killed. */
  async function recount(): Promise<void> {
    if (ladder.relayIDs.length < 2) return;
    // Otherwise the relays are asked.
    const { byID } = await readDebts(recalling).catch(() => ({ byID: new Map<RawCoID, Recalled>() }));
    for (const [id, recalled] of byID) ladder.recounted(id, recalled);
  }

  function changed(): void {
    view.outdated();
    cancelPublish ??= clock.after(0, isClosed ? publishClosed : publish);
  }

  function publish(): void {
    cancelPublish?.();
    cancelPublish = undefined;
    debts.writeDebts();
    relays.ask();
    relays.check();
    publishState();
    saving.check();
    waits.check();
  }

  function publishClosed(): void {
    cancelPublish = undefined;
    publishState();
  }

  function publishState(): void {
    state.set(view.current());
    view.coValues.publish();
  }

  /** Not if the device's storage hangs. */
  function flushed(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(flushMs, resolve);
      void debts.flush().then(() => {
        cancel();
        resolve();
      });
    });
  }

  async function flush(): Promise<void> {
    publish();
    for (const { connection } of relays.all) if (connection.state.phase === 'waiting') connection.reconnect();
    relays.wakeCouriers();
    await waits.when('sent');
  }

  /** Resolves with the reason if the edits have not reached the rung. */
  async function finish({ until, timeoutMs = drainMs }: CloseOptions): Promise<KernelError | undefined> {
    if (until) return notReached(waits.when(until, undefined, { timeoutMs }), { until, timeoutMs });
    await drain(state, clock, () => ladder.hasOwnPending('sent'));
    return undefined;
  }

  async function close(options: CloseOptions): Promise<void> {
    publish(); // Includes edits of the current turn.
    const missed = await finish(options);
    await flushed();
    relays.close();
    droppedContent.stop();
    stopReadingFirst();
    isClosed = true;
    ending.abort();
    publish();
    waits.close(syncClosed());
    tabs?.close();
    for (const stop of stopListening) stop();
    validity.close();
    unloading.end();
    releases.end();
    tracking.end();
    unfollow();
    unfollow = recordEdits();
    events.close();
    onClosed();
    if (missed) throw missed;
  }

  const peers: SyncPeers = {
    get current() {
      return view.current();
    },
    subscribe(listener) {
      // Publish first, so a new subscriber never gets the state before the latest edit.
      if (cancelPublish) publish();
      return state.subscribe(listener);
    },
    pause: () => relays.all.forEach(({ connection }) => connection.pause()),
    resume: () => relays.all.forEach(({ connection }) => connection.resume()),
    reconnect: () => relays.all.forEach(({ connection }) => connection.reconnect()),
    stateOf: view.coValues.of,
    flush,
    whenSaved: (target, wait) => waits.when('saved', target, wait),
    whenConfirmed: (target, wait) => waits.when('confirmed', target, wait),
    whenDurable: (target, wait) => waits.when('durable', target, wait),
    on: events.on,
    async close(closeOptions = {}) {
      assertCountedRung(closeOptions.until);
      await (closing ??= close(closeOptions));
    },
  };
  offerInspection(peers, {
    node,
    unsynced: view.unsynced,
    notCounted: validity.notCounted,
    waiting: ladder.waiting,
    peers: () => relays.all.map((relay) => relay.inspect()),
    page,
    options: () => given,
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
    isSure: relays.isSure,
    whenSure: relays.whenSure,
    receipts: relays.receipts,
    presence: relays.presence,
    async leftByAll() {
      await relays.whenSure();
      // Before that, the ledger reports the relay as not compared, and drops confirmations of a new generation.
      await relays.whenRecorded();
      await flushed();
      return readOwedIDs(recalling, (found) => tabs?.recalled(found));
    },
    authAt(url) {
      const index = relays.targets?.findIndex((urls) => urls.includes(url)) ?? -1;
      return given && readRelayAuths(given)[index];
    },
    endWaits: waits.close,
  });
  return {
    peers,
    get targets() {
      return relays.targets;
    },
    get options() {
      return given;
    },
    connect(targets, syncOptions) {
      given = syncOptions;
      const { transports: [first, ...others] = [], appVersion } = syncOptions;
      failure = undefined;
      relays.connect(targets, readRelayAuths(syncOptions), {
        transports: first ? [first, ...others] : transports,
        appVersion,
        account: options.account,
      });
    },
    fail(error) {
      failure = error;
      changed();
    },
    replaced() {
      unfollow();
      void debts.flush();
      isComplete = false;
      changed();
    },
  };
}
