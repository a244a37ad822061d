import type { CryptoProvider } from 'cojson';
import { kernelVersion } from '../../base/version.ts';
import { protocolVersion, type HelloFrame } from '../../wire/frames.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { Authorizer } from '../authorize/authorizer.ts';
import { admitContent, type Admission } from '../admission/admit-content.ts';
import { createBeginnings } from '../beginnings/beginnings.ts';
import type { AgentIdentity } from '../config/agent-identity.ts';
import { createCommitApplier } from './apply-commits.ts';
import { createCommitNews } from './commit-news.ts';
import { joinOtherRelays, type OtherRelays } from './other-relays.ts';
import { serveConnection, type Connection } from '../client/client-connection.ts';
import type { ConnectionOptions } from '../client/connection-options.ts';
import type { WireMeasure } from '../client/wire-measure.ts';
import { followHandledContent } from '../client/answers/cut-acknowledgements.ts';
import { createChangeLog } from '../bus/change-log.ts';
import type { Database } from '../database/database.ts';
import { rememberStorage, type StorageMemory } from '../database/restores/remember-storage.ts';
import { trackStorage } from '../database/storage-track.ts';
import { drainNamespace } from './drain-namespace.ts';
import { createEviction } from './eviction.ts';
import { trackLoaded } from '../memory/loaded-covalues.ts';
import type { MemoryBudget } from '../memory/memory-budget.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { Quotas } from '../quota/quotas.ts';
import { createUsage, type Usage } from '../quota/usage.ts';
import { openPresence } from '../presence/open-presence.ts';
import { createReceipts } from '../receipts/receipts.ts';
import { keyOf } from '../quota/usage-rows.ts';
import { guardAgainstForks } from './fork-guard.ts';
import { createStorageDoubts } from './storage-doubts.ts';
import type { StatelessTools } from './stateless-tools.ts';
import { watchForOutage } from './storage-outage.ts';
import { forgetContent, useStorage } from './relay-node.ts';
import type { StorageIdentity } from '../database/schema.ts';
import { createUpkeepSlices } from './upkeep-slices.ts';
import { createErasedIDs } from '../erasure/erased-ids.ts';
import type { ErasureRow } from '../erasure/erasure-rows.ts';
import { createErasures, type Erasures } from '../erasure/erasures.ts';
import { erasedAccount, withErased } from '../erasure/with-erased.ts';
import { refuseBlocked } from '../operator/refuse-blocked.ts';
import { limitsForClients } from '../config/limits.ts';
import { createBearerStore } from '../storage/bearer-store.ts';
import type { Fork } from '../storage/find-forks.ts';
import { createSqlStorage, type SqlStorageOptions } from '../storage/sql-storage.ts';
import { followAuthorization } from '../client/rights/authorization.ts';
import { createSubscriberIndex } from '../client/subscriber-index.ts';
import { refuseUnfinishedImport } from '../database/refuse-unfinished-import.ts';
import type { RawCoID } from '../../engine/content.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { coValuesOf } from '../../engine/private-fields.ts';
import { createRelayNode } from '../../engine/create-node.ts';

/** Why a namespace is not ready. */
export type NamespaceReason = 'commits' | 'backlog' | 'disk' | 'identity' | 'bus';

/** The values of one namespace. */
export interface NamespaceState {
  readonly pending: number;
  readonly pendingBytes: number;
  readonly setAside: number;
  readonly oldestPendingMs: number;
  readonly commitsRunning: number;
  /** Undefined if no other relay can use the database. */
  readonly busHeardMs: number | undefined;
  readonly logReadMs: number | undefined;
  /** How often the storage got another epoch. */
  readonly epochs: number;
  readonly coValues: number;
}

/** What one app keeps at the relay. Namespaces share no CoValue, whatever a client knows of another one. */
export interface Namespace {
  /** Why no client may come in at present. */
  refusal(): string | undefined;
  /** Call `left` once the connection has ended. */
  serve(client: Client): Connection;
  left(id: string): void;
  /** Disconnects a socket of another kind when its clients are. Call the result once the socket is closed. */
  join(guest: Guest): () => void;
  /** What operators have forbidden has changed. */
  restricted(): void;
  /** For clients without a connection, while a request is held. */
  readonly stateless: StatelessTools;
  /** Counts a request as a client, until the returned function is called, once. */
  hold(): () => void;
  reasons(): readonly NamespaceReason[];
  state(): NamespaceState;
  /** Content that waits for its commit. */
  pendingBytes(): number;
  /** Content in memory. */
  loadedBytes(): number;
  /** Evicts loaded CoValues while memory is scarce. */
  evict(): void;
  /** Another relay must read again what operators have forbidden, and their quotas. */
  publishRestriction(): void;
  /** What clients have stored. Undefined if they need not sign in. */
  readonly usage: Pick<Usage, 'largest' | 'usedBy'> | undefined;
  /** Others than before may be in force. */
  quotasChanged(): void;
  /** For how long no client has been connected, in milliseconds. 0 while one is, something waits for its commit, or is being erased. */
  idleMs(): number;
  /** Commits and acknowledges accepted content, disconnects the clients and closes the storage, all within `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** A socket that gets notices alone. */
export type Guest = Pick<
  Connection,
  'lastSeenAtMs' | 'ping' | 'terminate' | 'refuse' | 'user' | 'isRestricted'
>;

export type Client = Pick<ConnectionOptions, 'id' | 'socket' | 'incoming' | 'address' | 'ended'>;

export interface NamespaceOptions {
  readonly agent?: AgentIdentity | undefined;
  readonly minAppVersion?: string | undefined;
  /** Whether clients may query how much of a CoValue is committed. */
  readonly inspect?: boolean;
  /** See `OtherRelaysOptions`. */
  readonly busUrl?: string | undefined;
  /** Where to remember the state of the storage. */
  readonly stateDirectory?: string | undefined;
  /** For how many days backups of the storage are kept. */
  readonly backupDays?: number | undefined;
}

/** What all namespaces of a relay share. */
export interface Shared extends Pick<
  ConnectionOptions,
  'limits' | 'signInLimits' | 'turns' | 'random' | 'logger' | 'clock'
> {
  /** What the namespace of an app counts. */
  measuresOf(appID: string | undefined): {
    readonly wire: WireMeasure;
    readonly committed: NonNullable<SqlStorageOptions['committed']>;
  };
  /** Undefined if clients need not sign in. */
  readonly signInMethodsOf: ((appID: string | undefined) => SignInMethods) | undefined;
  /** Undefined if clients may load and send everything. */
  readonly authorizer?: Authorizer | undefined;
  readonly crypto: CryptoProvider;
  readonly memory: MemoryBudget;
  /** Whether a client that dialled this address meant this relay, and this app. */
  isAudience(url: string, appID: string | undefined): boolean;
  /** What operators have forbidden, for all namespaces. It is in the tables of the default one. */
  readonly restrictions: Restrictions;
  /** Undefined if clients need not sign in. Also in the tables of the default namespace. */
  readonly quotas: Quotas | undefined;
  /** Nothing can be checked any more. */
  trapped(error: Error): void;
  /** Why the relay serves no clients any more; undefined while it does. */
  ending(): string | undefined;
}

const maxPendingMs = 5_000;

/** Migrates the tables of `database`. `appID`: undefined for the default namespace. */
export async function openNamespace(
  database: Database,
  appID: string | undefined,
  shared: Shared,
  options: NamespaceOptions,
): Promise<Namespace> {
  const { limits, signInLimits, turns, random, logger, clock, crypto, memory } = shared;
  const measures = shared.measuresOf(appID);
  const measure = measures.wire;
  const { authorizer, quotas } = shared;
  const { agent, minAppVersion, inspect = false, busUrl, stateDirectory, backupDays } = options;
  await refuseUnfinishedImport(database.query);
  const track = await trackStorage(database, () => others?.publishRenewal());
  if (appID === undefined) {
    await shared.restrictions.load();
    await quotas?.load();
  }
  let contentAdmission: Admission | undefined;
  let erasures: Erasures | undefined;
  let unfinished: readonly ErasureRow[] = [];
  const erased = createErasedIDs({
    ...{ query: database.query, clock, logger },
    // Before that, there is nothing to forget.
    grown: (isNew) => (contentAdmission ? forgetErased(isNew) : Promise.resolve()),
    unfinished: (rows) => (erasures ? erasures.resume(rows) : void (unfinished = rows)),
  });
  await erased.load();
  const restrictions = withErased(shared.restrictions, erased);
  const offeredMethods = shared.signInMethodsOf?.(appID);
  const signInMethods = offeredMethods && refuseBlocked(offeredMethods, restrictions, clock.nowMs);
  const connections = new Map<string, Connection>();
  const guests = new Set<Guest>();
  const node = createRelayNode(crypto, agent, shared.trapped);
  const subscribers = createSubscriberIndex(node);
  const authorization = authorizer && followAuthorization(authorizer, appID, node);
  const usage =
    quotas &&
    createUsage({
      database,
      quotaOf: (key) => quotas.of(appID ?? '', key),
      hasRoomFor: refuseForRoom,
      ...{ clock, logger },
    });
  const handled = followHandledContent(node);
  let others: OtherRelays | undefined;
  let remembered: StorageMemory | undefined;
  const bearerStore = createBearerStore(database);
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
    presence: true,
    ...(minAppVersion !== undefined && { minAppVersion }),
  };
  const receipts = createReceipts({
    crypto,
    readSecret: bearerStore.readSecret,
    readMarks: (numbers) => remembered?.readMarks(numbers) ?? Promise.resolve(undefined),
    onceSure: doubts.onceSure,
    clock,
    logger,
  });
  const beginnings = createBeginnings({
    node,
    clock,
    isAlone: !database.listen,
    readClaim: (digest) => storage.readClaim(digest),
    readCommitted: (id) => storage.readCommitted(id),
    onceWritten: (id, run) => storage.onceWritten(id, run),
  });
  const news = createCommitNews();
  const storage = createSqlStorage({
    database,
    clock,
    logger,
    committed(commit) {
      measures.committed(commit);
      remembered?.noteCommit();
    },
    foundOlder: (id) => getOrCreateCoValue(node, id).loadFromStorage(),
    mark: track.mark,
    changed(ids, pushedBy) {
      others?.publish(ids, pushedBy);
      news.committed(ids, () => pushedBy);
    },
    payer: () => usage && keyOfSender(handled.senderID()),
    ...(usage && { charged: usage.charge, gaveBack: usage.gaveBack }),
    headerOf: (id) => getKnownCoValue(node, id)?.verified?.header,
    claimsIn: beginnings.claimsIn,
    forked: reloadForked,
    erased: {
      has: (id) => erased.find(id) !== undefined,
      refresh: erased.refresh,
      dropped({ id, isGone }) {
        discard(id);
        if (!isGone) getOrCreateCoValue(node, id).loadFromStorage();
      },
    },
    onceSure: doubts.onceSure,
    commitBegun: doubts.commitBegun,
    failed() {
      if (track.mark) doubts.doubt();
    },
    recovered: doubts.check,
  });
  const stopDoubting = database.onLost?.(doubts.doubt);
  const loaded = trackLoaded(node, () => memory.check());
  const eviction = createEviction({
    ...{ node, commits: storage, subscribers, clock },
    ...{ loaded, mustEvict: memory.mustEvict },
  });
  const log = createChangeLog(database.query, clock, logger);
  const { listen } = database;
  const busPlace = listen && { database: { listen }, storageID: track.identity.id, busUrl, logger };
  const presence = openPresence(busPlace, {
    isTakenDown: restrictions.isTakenDown,
    isBarred: (accountID) => restrictions.barredBy(accountID) !== undefined,
    ...{ clock, logger },
  });
  const applier = createCommitApplier({
    forgetUnloaded: eviction.forgetUnloaded,
    sendNewer: (peerID, id) => connections.get(peerID)?.sendNewer(id),
    logRead: news.logged,
    ...{ node, storage, subscribers, log, clock, logger },
  });
  const leave = () => {
    receipts.stop();
    erasures?.stop();
    erased.stop();
    others?.close();
    presence.close();
    usage?.stop();
    applier.stop();
    log.stop();
  };
  try {
    if (busPlace) {
      others = await joinOtherRelays({
        place: busPlace,
        on: {
          committed(ids, pushedBy) {
            remembered?.noteCommit();
            news.committed(ids, (id) => pushedBy.get(id));
          },
          missed() {
            void checkIdentity();
            refreshRestrictions();
          },
          restricted: refreshRestrictions,
          doubted: doubts.doubt,
          lost: disconnectForLostNotifications,
        },
        ...{ log, applier, clock, logger },
      });
    }
    remembered = await rememberStorage({ database, track, renewEpoch, stateDirectory, clock, logger });
    await announceStorage();
    await useStorage(node, storage, agent);
  } catch (error) {
    leave();
    eviction.stop();
    stopDoubting?.();
    throw error;
  }
  const admitted = (contentAdmission = admitContent({
    node,
    clock,
    beginnings,
    restrictions,
    ...(usage && { payerOf: usage.payerOf }),
    onceWritten: storage.onceWritten,
    maxHeldBytes: 2 * limits.messageBytes,
    on: {
      refused: (peerID, refused, isNotice) => connections.get(peerID)?.refuseContent(refused, isNotice),
      admitted: (peerID, id, sessionID) => connections.get(peerID)?.admitted(id, sessionID),
      incomplete: (peerID, content) => connections.get(peerID)?.takeContent(content),
      held: (peerID, bytes) => connections.get(peerID)?.holdsContent(bytes),
    },
  }));
  const begunErasures = (erasures = createErasures({
    ...{ database, storage, node, erased, restrictions, agent, appID, backupDays, clock, logger },
    readSecret: bearerStore.readSecret,
    storageID: () => track.identity.id,
    changed: () => others?.publishRestriction(),
  }));
  begunErasures.resume(unfinished);
  guardAgainstForks(node, clock, {
    refused: (peerID, { id, sessionID }) => connections.get(peerID)?.refuseFork(id, sessionID),
    deletionRefused: (peerID, id) => connections.get(peerID)?.refuseDeletion(id),
  });
  node.enableDeletedCoValuesErasure();
  storage.owners.start();

  const outage = watchForOutage({
    storage,
    connections,
    clock,
    isMaintaining: () => database.isMaintaining?.() ?? false,
    began: () => logger.warn('The storage has failed for some time; disconnecting the clients'),
    disconnect: refuseForOutage,
  });
  let onAllDisconnected = () => {};
  let leftAtMs = clock.elapsedMs();
  let held = 0;

  const hindrances: Readonly<Record<NamespaceReason, () => boolean>> = {
    commits: () => storage.failure !== undefined || outage.isOn,
    backlog: () => storage.oldestPendingMs >= maxPendingMs,
    disk: () => storage.refusal() !== undefined,
    identity: () => !doubts.isSure,
    bus: () => others !== undefined && others.hearing !== 'ok',
  };

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

  /** On a full disk, loads go on, and what was taken before waits for room. */
  function refuseForOutage(connection: Connection): void {
    if (storage.refusal() === undefined) refuseForStorage(connection);
  }

  /** Nothing can be acknowledged, and further edits would only pile up here. */
  function refuseForStorage(connection: Connection): void {
    connection.refuse('storage', 'The relay cannot write to its storage.', 1_000);
  }

  /** Edits are still stored and reach clients of other relays, but this relay's clients miss edits made there. */
  function disconnectForLostNotifications(): void {
    logger.warn('Lost notifications from other relays; disconnecting the clients');
    for (const client of [...connections.values(), ...guests]) refuseForLostNotifications(client);
  }

  function refuseForLostNotifications(client: Guest): void {
    client.refuse('storage', 'The relay has lost notifications from other relays.', 1_000);
  }

  /** Until it is forgotten, memory is of another epoch: the database was replaced, or went back to an earlier state. */
  let isAhead = false;

  async function compare(): Promise<void> {
    isAhead = !(await track.compare()) || isAhead;
    if (!isAhead) return;
    const { id } = track.identity;
    logger.warn(
      'The storage was replaced or restored; disconnecting the clients so that they compare everything again',
      { id },
    );
    await announceStorage();
    storage.forgetStored();
    others?.forget();
    beginnings.clear();
    for (const client of [...connections.values(), ...guests]) {
      client.refuse('storage', 'The storage of the relay was restored to another state.', 1_000);
    }
    forgetContent(node);
    isAhead = false;
  }

  async function renewEpoch(): Promise<StorageIdentity> {
    await track.renew();
    isAhead = true;
    await doubts.check();
    return track.identity;
  }

  async function announceStorage(): Promise<void> {
    const key = await receipts.begin();
    const { name, version } = hello.relay;
    hello = {
      ...hello,
      relay: { name, version, ...(key !== undefined && { key }) },
      storage: track.identity,
    };
  }

  /** A relay that renews the epoch notifies the others, but a notice may get lost. Nor does a pooler tell of a restore. */
  async function checkIdentity(): Promise<void> {
    try {
      if (!(await track.isCurrent())) doubts.doubt();
    } catch (error) {
      logger.debug('Could not read the identity of the storage', { error });
    }
  }

  function refreshRestrictions(): void {
    void erased.refresh();
    if (appID !== undefined) return;
    void shared.restrictions.refresh();
    void quotas?.refresh();
  }

  /** Clients that follow what is gone connect again, and compare without it. */
  async function forgetErased(isNew: (id: string) => boolean): Promise<void> {
    const slices = createUpkeepSlices(clock);
    for (const client of [...connections.values(), ...guests]) {
      const user = client.user();
      if (user?.kind === 'account' && erased.find(user.id) !== undefined)
        client.refuse('forbidden', erasedAccount, undefined);
    }
    for (const id of new Set([...subscribers.ids(), ...[...node.allCoValues()].map((one) => one.id)])) {
      if (slices.isOver()) await slices.next();
      if (!isNew(id) || id === node.getCurrentAccountOrAgentID()) continue;
      discard(id);
    }
    contentAdmission?.forget();
  }

  function discard(id: RawCoID): void {
    for (const peer of subscribers.of(id))
      connections.get(peer.id)?.refuse('storage', 'Something that this client follows was erased.', 1_000);
    node.internalDeleteCoValue(id);
    storage.forgetErased(id);
  }

  function keyOfSender(clientID: string | undefined): string | undefined {
    const user = clientID === undefined ? undefined : connections.get(clientID)?.user();
    return user && user.kind !== 'lookup' ? keyOf(user.id) : undefined;
  }

  /** A new connection compares everything, so that the client sends what was refused to it. */
  function refuseForRoom(clientIDs: readonly string[]): void {
    for (const id of clientIDs)
      connections
        .get(id)
        ?.refuse('storage', 'The relay has room again for what it refused to this client.', 1_000);
  }

  function noteLeft(): void {
    leftAtMs = clock.elapsedMs();
    if (connections.size + guests.size === 0) onAllDisconnected();
  }

  function serve({ id, socket, incoming, address, ended }: Client): Connection {
    const connection = serveConnection({
      id,
      socket,
      incoming,
      node,
      storage,
      measure,
      subscribers,
      handled,
      turns,
      memory,
      admission: admitted,
      beginnings,
      restrictions,
      authorization,
      usage,
      signInMethods,
      challenged: receipts.ask,
      presence,
      address,
      signInLimits,
      notFound: eviction.notFound,
      hello,
      limits,
      clock,
      random,
      logger,
      ended,
    });
    connections.set(id, connection);
    if (outage.isOn) refuseForOutage(connection);
    if (others?.hearing === 'lost') refuseForLostNotifications(connection);
    return connection;
  }

  const comparing = () => (doubts.isFailing ? 'The relay is comparing its storage.' : undefined);

  return {
    // A `hello` would promise the epoch of a storage that may have been restored. If the comparison succeeds at once, it closes
    // this channel in that case.
    refusal: comparing,
    serve,
    stateless: {
      ...{
        appID,
        node,
        storage,
        beginnings,
        restrictions,
        usage,
        turns,
        memory,
        signInMethods,
        offeredMethods,
        minAppVersion,
      },
      ...{ measure, clock, logger, news, isAlone: !database.listen, signIns: signInLimits },
      rightsOf: authorizer && ((principal) => authorizer.rightsOf(principal, appID)),
      bearerStore,
      erasures: begunErasures,
      isAudience: (url) => shared.isAudience(url, appID),
      durability: database.durability,
      identity: () => track.identity,
      renewEpoch,
      onceSure: doubts.onceSure,
      hindrance: () => shared.ending() ?? comparing(),
      applyCommitted: applier.apply,
    },
    left(id) {
      admitted.ended(id);
      usage?.left(id);
      receipts.left(id);
      connections.delete(id);
      noteLeft();
    },
    join(guest) {
      guests.add(guest);
      if (others?.hearing === 'lost') refuseForLostNotifications(guest);
      return () => {
        guests.delete(guest);
        noteLeft();
      };
    },
    restricted: news.restricted,
    hold() {
      held++;
      return () => {
        held--;
        leftAtMs = clock.elapsedMs();
      };
    },
    reasons() {
      const all = Object.keys(hindrances) as readonly NamespaceReason[];
      return all.filter((reason) => hindrances[reason]());
    },
    state: () => ({
      pending: storage.pending,
      pendingBytes: storage.pendingBytes,
      setAside: storage.setAside,
      oldestPendingMs: storage.oldestPendingMs,
      commitsRunning: [...storage.attempts].length,
      busHeardMs: others?.heardMs(),
      logReadMs: others?.logReadMs(),
      epochs: track.renewals,
      coValues: coValuesOf(node)?.size ?? 0,
    }),
    pendingBytes: () => storage.pendingBytes,
    loadedBytes: loaded.bytes,
    evict: eviction.begin,
    publishRestriction: () => others?.publishRestriction(),
    usage,
    quotasChanged() {
      const clients = [...connections.keys()].flatMap((id): (readonly [string, string])[] => {
        const key = keyOfSender(id);
        return key === undefined ? [] : [[id, key]];
      });
      usage?.quotasChanged(clients);
    },
    idleMs: () =>
      connections.size + guests.size + held > 0 || storage.pending > 0 || begunErasures.isBusy()
        ? 0
        : clock.elapsedMs() - leftAtMs,
    async drain(withinMs) {
      await drainNamespace({
        ...{ node, storage, remembered, usage, connections, guests, clock, withinMs },
        onceSure: doubts.onceSure,
        whenAllGone(run) {
          onAllDisconnected = run;
          if (connections.size + guests.size === 0) run();
        },
        stop() {
          leave();
          outage.stop();
          eviction.stop();
          stopDoubting?.();
        },
      });
      doubts.stop();
      await node.gracefulShutdown();
    },
  };
}
