import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { kernelVersion } from '../../platform/version.ts';
import { protocolVersion, type HelloFrame } from '../../wire/frames.ts';
import { createAdmission } from './admission.ts';
import type { AgentIdentity } from '../config/agent-identity.ts';
import { createCatchUp } from './apply-commits.ts';
import type { ClientSocket } from '../client/client-socket.ts';
import { closeWithRefusal } from '../client/closing-refusal.ts';
import { serveConnection, type Connection } from '../client/client-connection.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema, readStorageIdentity } from '../database/schema.ts';
import { createEviction } from './eviction.ts';
import { guardAgainstForks } from './fork-guard.ts';
import { watchHearing } from '../hearing.ts';
import { keepAlive } from '../keep-alive.ts';
import { createRelayCrypto } from './native-crypto.ts';
import { createNotifyBus } from './notify-bus.ts';
import { createRelayNode, forgetContent, useStorage } from './relay-node.ts';
import { limitsForClients, longestFrame } from '../config/limits.ts';
import type { Metrics, RelayState } from './metrics.ts';
import type { RelayLimits } from '../relay-options.ts';
import type { Fork } from '../storage/find-forks.ts';
import { createSqlStorage } from '../storage/sql-storage.ts';
import { createReadingTurns } from '../client/read-turns.ts';
import { createSubscriptions } from '../client/subscriptions.ts';
import { refuseUnfinishedImport } from '../transfer/import-storage.ts';

/** What serves clients from one database. */
export interface Serving extends RelayState {
  /** Makes a client of an HTTP request for a WebSocket. */
  upgrade(request: IncomingMessage, address: string, socket: Duplex, head: Buffer): void;
  /** Makes a client of what is open already. */
  open(socket: ClientSocket, address: string): void;
  /** Writes out what was taken, acknowledges it, lets the clients go and closes the database, all within `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

export interface ServingOptions {
  readonly agent?: AgentIdentity | undefined;
  readonly minAppVersion?: string | undefined;
  /** Whether clients may ask what is committed of a CoValue. */
  readonly inspect?: boolean;
}

const clock = systemClock;
/** In the registry of WebSocket's close codes. */
const tryAgainLater = 1013;

export async function startServing(
  database: Database,
  limits: RelayLimits,
  logger: Logger,
  metrics: Pick<Metrics, 'wire' | 'committed'>,
  { agent, minAppVersion, inspect = false }: ServingOptions = {},
): Promise<Serving> {
  await refuseUnfinishedImport(database.query);
  const storageIdentity = await prepareSchema(database);
  const node = createRelayNode(await createRelayCrypto(logger), agent);
  const connections = new Map<string, Connection>();
  const subscriptions = createSubscriptions();
  const bus = database.listen && (await createNotifyBus(database.listen));
  const storage = createSqlStorage({
    database,
    clock,
    logger,
    committed: metrics.committed,
    foundOlder: (id) => node.getCoValue(id).loadFromStorage(),
    ...(bus && { publish: bus.publish }),
    forked: showWhatStands,
    failed: letClientsGo,
    recovered: readIdentityAgain,
  });
  const catchUp = createCatchUp({ node, storage, subscriptions, logger });
  bus?.onIds(catchUp.read);
  bus?.onGap(() => {
    catchUp.readAll();
    readIdentityAgain().catch((error: unknown) =>
      logger.warn('The identity of the storage could not be read', { error }),
    );
  });
  await useStorage(node, storage, agent);
  guardAgainstForks(node, systemClock, {
    refused: (peerID, { id, sessionID }) => connections.get(peerID)?.refuseFork(id, sessionID),
    deletionRefused: (peerID, id) => connections.get(peerID)?.refuseDeletion(id),
    tooMany: (peerID) => connections.get(peerID)?.refuse('invalid', 'Too many of its sessions were refused.'),
  });
  node.enableDeletedCoValuesErasure();

  let hello: HelloFrame = {
    maia: 'hello',
    v: protocolVersion,
    relay: { name: 'maia-relay', version: kernelVersion },
    storage: storageIdentity,
    durability: database.durability,
    limits: limitsForClients(limits),
    auth: null,
    inspect,
    ...(minAppVersion !== undefined && { minAppVersion }),
  };
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: longestFrame(limits),
  });
  const admission = createAdmission(limits);
  const turns = createReadingTurns();
  const hearing = bus && watchHearing(bus, clock, sendClientsOn);
  const stopPings = keepAlive(() => connections.values(), clock);
  const eviction = createEviction({ node, commits: storage, subscriptions, clock });
  let openedCount = 0;
  let noticeEnd = () => {};

  function showWhatStands({ id, sessionID }: Fork): void {
    node.internalDeleteCoValue(id);
    for (const connection of connections.values()) connection.refuseFork(id, sessionID);
    node.getCoValue(id).loadFromStorage();
  }

  /** What they sent is not acknowledged, and their next edits would only pile up here. */
  function letClientsGo(): void {
    for (const connection of connections.values()) refuseForStorage(connection);
  }

  function refuseForStorage(connection: Connection): void {
    connection.refuse('storage', 'The relay cannot write to its storage.', 1_000);
  }

  /** What they write is stored all the same, and other relays show it to theirs. */
  function sendClientsOn(): void {
    logger.warn(
      'The relay has not heard of what other relays store for some time; its clients are sent away',
    );
    for (const connection of connections.values()) refuseForDeafness(connection);
  }

  function refuseForDeafness(connection: Connection): void {
    connection.refuse('storage', 'The relay does not hear of what other relays store.', 1_000);
  }

  function turnAway(socket: ClientSocket, reason: string): void {
    metrics.wire.refused('limit');
    socket.on('error', (error) => logger.debug('A client that was turned away failed', { error }));
    const retryAfterMs = 10_000;
    closeWithRefusal(socket, 'limit', reason, retryAfterMs, tryAgainLater);
  }

  /** The database that is back may be another, or the same at an earlier time: memory is then ahead of it. */
  async function readIdentityAgain(): Promise<void> {
    const { id, epoch } = await readStorageIdentity(database);
    if (id === hello.storage.id && epoch === hello.storage.epoch) return;
    logger.warn('The storage is not what it was; clients are let go and compare all they have', { id });
    hello = { ...hello, storage: { id, epoch } };
    for (const connection of connections.values()) {
      connection.refuse('storage', 'The storage of the relay was put back to another state.', 1_000);
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
    if (refusal !== undefined) return turnAway(socket, refusal);
    const leave = admission.enter(address);
    const id = `client-${++openedCount}`;
    const connection = serveConnection({
      id,
      socket,
      node,
      storage,
      measure: metrics.wire,
      subscriptions,
      turns,
      eviction,
      hello,
      limits,
      clock,
      logger,
      ended() {
        leave();
        connections.delete(id);
        if (connections.size === 0) noticeEnd();
      },
    });
    connections.set(id, connection);
    if (storage.failure !== undefined) refuseForStorage(connection);
    if (hearing?.isLost) refuseForDeafness(connection);
  }

  return {
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
      return [...node.allCoValues()].length;
    },
    get isFailing() {
      return storage.failure !== undefined || bus?.isListening === false;
    },
    upgrade(request, address, socket, head) {
      sockets.handleUpgrade(request, socket, head, (webSocket) => open(webSocket, address));
    },
    open,
    async drain(withinMs) {
      const untilMs = clock.nowMs() + withinMs;
      for (const connection of connections.values()) connection.stopReading();
      // The clients still get the acknowledgements of this, before they are let go.
      await withinTime(untilMs, (done) => storage.afterCommit(undefined, done));
      for (const connection of connections.values()) {
        connection.refuse('draining', 'The relay is stopping. It is tried again by itself.', 1_000);
      }
      await withinTime(untilMs, (done) => {
        noticeEnd = done;
        if (connections.size === 0) done();
      });
      for (const connection of connections.values()) connection.terminate();
      stopPings();
      hearing?.stop();
      eviction.stop();
      // What the node has still to note of its own content needs the database.
      await withinTime(
        untilMs,
        (done) => void Promise.resolve(node.syncManager.gracefulShutdown()).then(done),
      );
      await storage.close(Math.max(0, untilMs - clock.nowMs()));
      await node.gracefulShutdown();
    },
  };
}
