import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../platform/logger.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import { isEqual } from '../platform/equal.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable } from '../platform/readable.ts';
import type { DeviceStorage } from '../storage/device-storage.ts';
import type { Transport } from '../transport/transport.ts';
import { offerConfirmations } from './confirmations.ts';
import { recallEarlierRun } from './earlier-run.ts';
import { offerInspection } from './inspection.ts';
import { bringInOthersEdits } from './others-edits.ts';
import { createLadder } from './ladder.ts';
import { hookNode } from './node-hooks.ts';
import { createNodeRelay } from './node-relay.ts';
import { pendingSinceMs, type RungName } from './pending-edits.ts';
import { createSavedWaiting } from './saved-waiting.ts';
import type { SyncPeers } from './sync-peers.ts';
import type { SyncState } from './sync-state.ts';
import { describeSync } from './describe-sync.ts';
import { drain } from './drain.ts';
import { createUnconfirmedMarks } from './unconfirmed-marks.ts';
import { unsyncedCoValues } from './unsynced-co-values.ts';

/** One node's sync: the ladder of its edits, and the connection to its relay once there is one. */
export interface NodeSync {
  readonly peers: SyncPeers;
  /** Its relay's addresses; undefined where it has none. */
  readonly urls: readonly string[] | undefined;
  /** Once. */
  connect(urls: readonly [string, ...string[]]): void;
  /** Says why there is no relay to connect to. */
  fail(error: KernelError): void;
}

export function createNodeSync(options: {
  readonly node: LocalNode;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly transport: Transport;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly logger: Logger;
  readonly onClosed: () => void;
}): NodeSync {
  const { node, storage, transport, platform, logger, onClosed } = options;
  const { clock } = platform;
  const marks = createUnconfirmedMarks(node.storage);
  const ladder = createLadder({
    clock,
    canSave: () => storage.status.current.state !== 'memory-only',
    onPending: (id) => marks.set(id, true),
    onDone: (id) => marks.set(id, false),
    onChange: changed,
  });
  const relay = createNodeRelay({ node, ladder, transport, platform, logger, onChange: changed });
  const saving = createSavedWaiting(
    (id) => !isClosed && storage.status.current.state === 'ok' && isPending(id, 'saved'),
  );
  let settle = () => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));
  let failure: KernelError | undefined;
  let isComplete = false;
  let closing: Promise<void> | undefined;
  let isClosed = false;
  let cancelPublish: (() => void) | undefined;
  let latest: SyncState | undefined;

  const unhook = hookNode(node, {
    edited: (id, need) => ladder.edited(id, need),
    storing: () => marks.write(),
    stored: (id, coverage) => ladder.reached('saved', id, coverage),
    handling: relay.handling,
    handled: relay.handled,
  });
  const stopWatchingStorage = storage.status.subscribe(() => changed());
  const state = createReadable(current(), isEqual);
  recallEarlierRun({
    storage: node.storage,
    marks,
    ladder,
    evidence: relay.evidence,
    settled() {
      isComplete = true;
      relay.evidence.settled();
      settle();
      changed();
    },
  });

  function current(): SyncState {
    return (latest ??= describeSync({
      ladder,
      storage: storage.status.current,
      isComplete,
      failure,
      ...relay.facts(),
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
    relay.evidence.ask();
    state.set(current());
    saving.look();
  }

  function isPending(id: string, rung: RungName): boolean {
    const edits = ladder.pending.get(id);
    return edits !== undefined && pendingSinceMs(edits, rung) !== undefined;
  }

  async function close(): Promise<void> {
    publish(); // An edit of this very turn is to be sent, too.
    await drain(state, clock);
    relay.connection?.close();
    isClosed = true;
    publish();
    stopWatchingStorage();
    unhook();
    onClosed();
  }

  const peers: SyncPeers = {
    get current() {
      return current();
    },
    subscribe(listener) {
      // Who asks in the turn of an edit is not told of the time before it.
      if (cancelPublish) publish();
      return state.subscribe(listener);
    },
    pause: () => relay.connection?.pause(),
    resume: () => relay.connection?.resume(),
    reconnect: () => relay.connection?.reconnect(),
    close: () => (closing ??= close()),
  };
  offerInspection(peers, {
    node,
    unsynced() {
      const { peerID, hello } = relay;
      return unsyncedCoValues(ladder.pending, { peerID, hello, storage: storage.status.current });
    },
    peers: relay.inspect,
    setTap: relay.setTap,
  });
  offerConfirmations(peers, {
    settled,
    isConfirmed: (id) => isComplete && !isPending(id, 'confirmed'),
    whenSaved: saving.whenSaved,
    pendingAt: (rung) =>
      [...ladder.pending].flatMap(([id, edits]) =>
        pendingSinceMs(edits, rung) === undefined ? [] : (id as RawCoID),
      ),
    onOwnSessionClaim: relay.onOwnSessionClaim,
    believe: relay.believe,
    whenHeard: relay.whenHeard,
    bringInOthersEdits: () => bringInOthersEdits({ node, marks, ladder }),
  });
  return {
    peers,
    get urls() {
      return relay.urls;
    },
    connect(urls) {
      failure = undefined;
      relay.connect(urls);
    },
    fail(error) {
      failure = error;
      changed();
    },
  };
}
