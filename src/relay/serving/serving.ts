import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { kernelVersion } from '../../base/version.ts';
import { protocolVersion, type HelloFrame } from '../../wire/frames.ts';
import { admitContent } from '../admission/admit-content.ts';
import { createAdmission } from './admission.ts';
import { createBeginnings } from '../beginnings/beginnings.ts';
import type { AgentIdentity } from '../config/agent-identity.ts';
import { createCommitApplier } from './apply-commits.ts';
import type { ClientSocket } from '../client/client-socket.ts';
import { closeWithRefusal } from '../client/closing-refusal.ts';
import { serveConnection, type Connection } from '../client/client-connection.ts';
import type { Database } from '../database/database.ts';
import { trackStorage } from '../database/storage-track.ts';
import { createEviction } from './eviction.ts';
import { guardAgainstForks } from './fork-guard.ts';
import { createStorageDoubts } from './storage-doubts.ts';
import { monitorNotifications } from './notification-monitor.ts';
import { keepAlive } from './keep-alive.ts';
import { createRelayCrypto } from './native-crypto.ts';
import { createNotifyBus } from './notify-bus.ts';
import { forgetContent, useStorage } from './relay-node.ts';
import { limitsForClients, maxFrameBytes } from '../config/limits.ts';
import type { Metrics, RelayState } from './metrics.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { Fork } from '../storage/find-forks.ts';
import { createSqlStorage } from '../storage/sql-storage.ts';
import { createReadTurns } from '../client/read-turns.ts';
import { createSubscriberIndex } from '../client/subscriber-index.ts';
import { refuseUnfinishedImport } from '../database/refuse-unfinished-import.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { coValuesOf } from '../../engine/private-fields.ts';
import { createUpkeepSlices } from './upkeep-slices.ts';
import { createRelayNode } from '../../engine/create-node.ts';

export interface Serving extends RelayState {
  upgrade(request: IncomingMessage, address: string, socket: Duplex, head: Buffer): void;
  open(socket: ClientSocket, address: string): void;
  /** Resolves when the process can check no content any more. */
  readonly failed: Promise<Error>;
  /** Commits and acknowledges accepted content, disconnects the clients and closes the database, all within `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

export interface ServingOptions {
  readonly agent?: AgentIdentity | undefined;
  readonly minAppVersion?: string | undefined;
  /** Whether clients may query how much of a CoValue is committed. */
  readonly inspect?: boolean;
}

const clock = systemClock;
/** From the registry of WebSocket close codes. */
const tryAgainLater = 1013;

export async function startServing(
  database: Database,
  limits: RelayLimits,
  logger: Logger,
  metrics: Pick<Metrics, 'wire' | 'committed'>,
  { agent, minAppVersion, inspect = false }: ServingOptions = {},
): Promise<Serving> {
  await refuseUnfinishedImport(database.query);
  const track = await trackStorage(database, async (query) => bus?.publishRenewal(query));
  const node = createRelayNode(await createRelayCrypto(logger), agent, endForTrap);
  const connections = new Map<string, Connection>();
  let trap: Error | undefined;
  let reportFailure: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (reportFailure = resolve));
  const subscribers = createSubscriberIndex(node);
  const bus = database.listen && track.mark && (await createNotifyBus(database.listen, track.mark));
  const doubts = createStorageDoubts({ compare, clock, logger });
  let hello: HelloFrame = {
    maia: 'hello',
    v: protocolVersion,
    relay: { name: 'maia-relay', version: kernelVersion },
    storage: track.identity,
    durability: database.durability,
    limits: limitsForClients(limits),
    auth: null,
    inspect,
    ...(minAppVersion !== undefined && { minAppVersion }),
  };
  const beginnings = createBeginnings({
    node,
    clock,
    isAlone: !database.listen,
    readClaim: (digest) => storage.readClaim(digest),
    readCommitted: (id) => storage.readCommitted(id),
    onceWritten: (run) => storage.onceWritten(run),
  });
  const storage = createSqlStorage({
    database,
    clock,
    logger,
    committed: metrics.committed,
    foundOlder: (id) => getOrCreateCoValue(node, id).loadFromStorage(),
    ...(bus && { publish: bus.publish, published: bus.published }),
    claimsIn: beginnings.claimsIn,
    forked: reloadForked,
    onceSure: doubts.onceSure,
    failed() {
      if (track.mark) doubts.doubt();
      disconnectForStorage();
    },
    recovered: doubts.check,
  });
  const commitApplier = createCommitApplier({ node, storage, subscribers, logger });
  bus?.onIds(commitApplier.apply);
  bus?.onGap(() => {
    doubts.doubt();
    commitApplier.applyAll();
  });
  bus?.onDoubt(doubts.doubt);
  database.onLost?.(doubts.doubt);
  await useStorage(node, storage, agent);
  const contentAdmission = admitContent({
    node,
    clock,
    beginnings,
    maxHeldBytes: 2 * limits.messageBytes,
    on: {
      refused: (peerID, refused, isNotice) => connections.get(peerID)?.refuseContent(refused, isNotice),
      admitted: (peerID, id, sessionID) => connections.get(peerID)?.admitted(id, sessionID),
      incomplete: (peerID, content) => connections.get(peerID)?.takeContent(content),
    },
  });
  guardAgainstForks(node, clock, {
    refused: (peerID, { id, sessionID }) => connections.get(peerID)?.refuseFork(id, sessionID),
    deletionRefused: (peerID, id) => connections.get(peerID)?.refuseDeletion(id),
  });
  node.enableDeletedCoValuesErasure();

  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes(limits),
  });
  const admission = createAdmission(limits);
  const turns = createReadTurns();
  const monitor = bus && monitorNotifications(bus, clock, disconnectForLostNotifications);
  const pings = keepAlive(clock);
  const eviction = createEviction({ node, commits: storage, subscribers, clock });
  let openedCount = 0;
  let onAllDisconnected = () => {};

  function reloadForked({ id, sessionID, copiedBy }: Fork): void {
    node.internalDeleteCoValue(id);
    if (copiedBy === undefined) {
      for (const peer of subscribers.of(id)) connections.get(peer.id)?.refuseFork(id, sessionID);
    } else {
      beginnings.lost({ id, sessionID });
      connections.get(copiedBy)?.refuseContent({ id, sessionID, count: 0, reason: 'copy' }, true);
    }
    getOrCreateCoValue(node, id).loadFromStorage();
  }

  /** Nothing can be checked any more. The clients must not take it for a refusal of their edits. */
  function endForTrap(error: Error): void {
    if (trap) return;
    trap = error;
    logger.warn('WebAssembly failed, so this process can check no content any more. Restart the relay', {
      error,
    });
    for (const connection of connections.values()) refuseForTrap(connection);
    reportFailure(error);
  }

  function refuseForTrap(connection: Connection): void {
    connection.refuse('storage', 'The relay cannot check content until it is restarted.', 1_000);
  }

  /** Nothing can be acknowledged, and further edits would only pile up here. */
  function disconnectForStorage(): void {
    for (const connection of connections.values()) refuseForStorage(connection);
  }

  function refuseForStorage(connection: Connection): void {
    connection.refuse('storage', 'The relay cannot write to its storage.', 1_000);
  }

  /** Edits are still stored and reach clients of other relays, but this relay's clients miss edits made there. */
  function disconnectForLostNotifications(): void {
    logger.warn('Lost notifications from other relays; disconnecting the clients');
    for (const connection of connections.values()) refuseForLostNotifications(connection);
  }

  function refuseForLostNotifications(connection: Connection): void {
    connection.refuse('storage', 'The relay has lost notifications from other relays.', 1_000);
  }

  function refuseConnection(socket: ClientSocket, reason: string): void {
    metrics.wire.refused('limit');
    socket.on('error', (error) => logger.debug('A refused connection failed', { error }));
    const retryAfterMs = 10_000;
    closeWithRefusal(socket, 'limit', reason, retryAfterMs, tryAgainLater);
  }

  /** The database may have been replaced, or gone back to an earlier state. Memory is then ahead of it. */
  async function compare(): Promise<void> {
    if (await track.compare()) return;
    const { id } = track.identity;
    logger.warn(
      'The storage was replaced or restored; disconnecting the clients so that they compare everything again',
      { id },
    );
    hello = { ...hello, storage: track.identity };
    storage.forgetStored();
    beginnings.clear();
    for (const connection of connections.values()) {
      connection.refuse('storage', 'The storage of the relay was restored to another state.', 1_000);
    }
    forgetContent(node);
  }

  async function withinTime(untilMs: number, wait: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(0, untilMs - clock.nowMs()), resolve);
      wait(() => {
        cancel();
        resolve();
      });
    });
  }

  function open(socket: ClientSocket, address: string): void {
    const refusal = admission.refusal(address);
    if (refusal !== undefined) return refuseConnection(socket, refusal);
    const leave = admission.enter(address);
    const id = `client-${++openedCount}`;
    const connection = serveConnection({
      id,
      socket,
      node,
      storage,
      measure: metrics.wire,
      subscribers,
      turns,
      admission: contentAdmission,
      beginnings,
      notFound: eviction.notFound,
      hello,
      limits,
      clock,
      logger,
      ended() {
        leave();
        endPings();
        contentAdmission.ended(id);
        connections.delete(id);
        if (connections.size === 0) onAllDisconnected();
      },
    });
    connections.set(id, connection);
    const endPings = pings.enter(connection);
    if (storage.failure !== undefined) refuseForStorage(connection);
    if (trap) refuseForTrap(connection);
    if (monitor?.isLost) refuseForLostNotifications(connection);
  }

  return {
    failed,
    get connections() {
      return connections.size;
    },
    get pending() {
      return storage.pending;
    },
    get pendingBytes() {
      return storage.pendingBytes;
    },
    get coValues() {
      return coValuesOf(node)?.size ?? 0;
    },
    get isFailing() {
      return trap !== undefined || storage.failure !== undefined || bus?.isListening === false;
    },
    upgrade(request, address, socket, head) {
      sockets.handleUpgrade(request, socket, head, (webSocket) => open(webSocket, address));
    },
    open,
    async drain(withinMs) {
      const untilMs = clock.nowMs() + withinMs;
      for (const connection of connections.values()) connection.stopReading();
      // Wait for the commit of what was received, so that clients get the acknowledgements before they are disconnected.
      await withinTime(untilMs, (done) => storage.afterCommit(undefined, done));
      const slices = createUpkeepSlices(clock);
      for (const connection of connections.values()) {
        connection.refuse('draining', 'The relay is stopping.', 1_000);
        if (slices.isOver()) await slices.next();
      }
      await withinTime(untilMs, (done) => {
        onAllDisconnected = done;
        if (connections.size === 0) done();
      });
      for (const connection of connections.values()) connection.terminate();
      pings.stop();
      monitor?.stop();
      eviction.stop();
      // The node writes its remaining state to the database.
      await withinTime(
        untilMs,
        (done) => void Promise.resolve(node.syncManager.gracefulShutdown()).then(done),
      );
      await storage.close(Math.max(0, untilMs - clock.nowMs()));
      doubts.stop();
      await node.gracefulShutdown();
    },
  };
}
