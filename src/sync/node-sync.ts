import type { LocalNode, SyncMessage } from 'cojson';
import type { Logger } from '../platform/logger.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import { isEqual } from '../platform/equal.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable } from '../platform/readable.ts';
import type { DeviceStorage } from '../storage/device-storage.ts';
import type { HelloFrame } from '../transport/frames.ts';
import type { Transport } from '../transport/transport.ts';
import { createClockOffset } from './clock-offset.ts';
import { createConnection, type Connection } from './connection.ts';
import { coverageOfContent } from './coverage.ts';
import { createDownload } from './download.ts';
import { recallEarlierRun } from './earlier-run.ts';
import { offerInspection, type MessageTap } from './inspection.ts';
import { createLadder } from './ladder.ts';
import { hookNode } from './node-hooks.ts';
import { createRelayEvidence } from './relay-evidence.ts';
import type { SyncPeers } from './sync-peers.ts';
import type { SyncState } from './sync-state.ts';
import { describeSync } from './describe-sync.ts';
import { createUnacknowledged } from './unacknowledged.ts';
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

/** How long `close` waits for what is being sent. */
const drainMs = 2_000;

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
  const evidence = createRelayEvidence(node, ladder);
  const download = createDownload();
  const clockOffset = createClockOffset();
  const unacknowledged = createUnacknowledged();
  const onTheWay: SyncMessage[] = [];
  let connection: Connection | undefined;
  let urls: readonly string[] | undefined;
  let peerID = '';
  let failure: KernelError | undefined;
  let lastHello: HelloFrame | undefined;
  let isComplete = false;
  let tap: MessageTap | undefined;
  let closing: Promise<void> | undefined;
  let cancelPublish: (() => void) | undefined;
  let latest: SyncState | undefined;

  const unhook = hookNode(node, {
    edited: (id, need) => ladder.edited(id, need),
    storing: () => marks.write(),
    stored: (id, coverage) => ladder.reached('saved', id, coverage),
    handled(message, peer) {
      if (peer.id !== peerID) return;
      evidence.handled(message, peer);
      download.handled(message);
      unacknowledged.handled(message);
      changed();
    },
  });
  const stopWatchingStorage = storage.status.subscribe(() => changed());
  const state = createReadable(current(), isEqual);
  recallEarlierRun({
    storage: node.storage,
    marks,
    ladder,
    evidence,
    settled() {
      isComplete = true;
      evidence.settled();
      changed();
    },
  });

  function connect([first, ...others]: readonly [string, ...string[]]): void {
    failure = undefined;
    urls = [first, ...others];
    const target = new URL(first);
    peerID = target.host;
    connection = createConnection({
      urls: [target, ...others.map((url) => new URL(url))],
      peerID,
      transport,
      platform,
      on: {
        changed,
        ready(peer, hello) {
          if (isAnotherStorage(lastHello, hello)) evidence.doubtAll();
          lastHello = hello;
          // cojson keeps what it knew of a peer with the same id, and would never refill a relay that lost data.
          node.syncManager.removePeer(peerID);
          node.syncManager.addPeer(peer);
          download.connected();
          changed();
        },
        lost() {
          onTheWay.length = 0;
          download.lost();
          unacknowledged.lost();
          evidence.lost();
          ladder.connectionLost();
        },
        sent(message, bytes) {
          if (message.action === 'content') onTheWay.push(message);
          download.sent(message);
          unacknowledged.sent(message);
          tap?.('sent', peerID, message, bytes, clock.nowMs());
        },
        drained() {
          for (const message of onTheWay.splice(0)) {
            if (message.action === 'content') ladder.reached('sent', message.id, coverageOfContent(message));
          }
        },
        received: (message, bytes) => tap?.('received', peerID, message, bytes, clock.nowMs()),
        withheld(message, error) {
          logger.warn(error.message, { code: error.code, id: message.id });
          ladder.failed(message.id, error);
        },
        refused(error, id) {
          logger.warn(error.message, { code: error.code });
          if (id !== undefined) ladder.failed(id, error);
        },
        relayClock(timeMs) {
          clockOffset.heard(timeMs, clock.nowMs());
          changed();
        },
      },
    });
    changed();
  }

  function current(): SyncState {
    return (latest ??= describeSync({
      ladder,
      storage: storage.status.current,
      download: download.state,
      clockOffsetMs: clockOffset.currentMs,
      isComplete,
      hello: lastHello,
      failure,
      peer: connection && {
        id: peerID,
        url: connection.url.href,
        transport: transport.name,
        state: connection.state,
      },
    }));
  }

  function changed(): void {
    latest = undefined;
    if (closing) return;
    cancelPublish ??= clock.after(0, publish);
  }

  function publish(): void {
    cancelPublish?.();
    cancelPublish = undefined;
    marks.write();
    state.set(current());
  }

  async function close(): Promise<void> {
    if (connection?.state.phase === 'connected') await sendingEnds();
    connection?.close();
    publish();
    stopWatchingStorage();
    unhook();
    onClosed();
  }

  function sendingEnds(): Promise<void> {
    return new Promise((resolve) => {
      const stop = [
        clock.after(drainMs, end),
        state.subscribe(({ sent }) => {
          if (sent.pending === 0 || connection?.state.phase !== 'connected') queueMicrotask(end);
        }),
      ];
      function end(): void {
        for (const each of stop) each();
        resolve();
      }
    });
  }

  const peers: SyncPeers = {
    get current() {
      return current();
    },
    subscribe: (listener) => state.subscribe(listener),
    pause: () => connection?.pause(),
    resume: () => connection?.resume(),
    reconnect: () => connection?.reconnect(),
    close: () => (closing ??= close()),
  };
  offerInspection(peers, {
    node,
    unsynced: () =>
      unsyncedCoValues(ladder.pending, { peerID, hello: lastHello, storage: storage.status.current }),
    peers: () =>
      connection
        ? [
            {
              id: peerID,
              bufferedBytes: connection.bufferedBytes,
              unacknowledgedMessages: unacknowledged.count,
              ...(lastHello && { hello: lastHello }),
            },
          ]
        : [],
    setTap: (next) => void (tap = next),
  });
  return {
    peers,
    get urls() {
      return urls;
    },
    connect,
    fail(error) {
      failure = error;
      changed();
    },
  };
}

function isAnotherStorage(before: HelloFrame | undefined, now: HelloFrame | undefined): boolean {
  return (
    before !== undefined &&
    (before.storage.id !== now?.storage.id || before.storage.epoch !== now.storage.epoch)
  );
}
