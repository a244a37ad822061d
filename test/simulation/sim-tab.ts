import type { CoID, RawCoID, RawCoValue } from 'cojson';
import { isKernelError } from '../../src/base/kernel-error.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';
import { createSessionNode } from '../../src/engine/create-node.ts';
import { createSpareSession } from '../../src/engine/spare-session.ts';
import { allSavedOf } from '../../src/session/session-ids/all-saved.ts';
import type { Content } from '../../src/session/account/genesis.ts';
import type { Fork } from '../../src/session/session-ids/own-forks.ts';
import { unsavedContent } from '../../src/session/session-ids/unsaved-content.ts';
import { guardSessionID } from '../../src/session/session-ids/guard-session-id.ts';
import { createUnsharedLease } from '../../src/session/session-ids/session-id-lease.ts';
import { importAccount } from '../../src/session/opening/import-account.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import type { SyncPlatform } from '../../src/sync/begin-sync.ts';
import { startSync } from '../../src/sync/start-sync.ts';
import { sessionsOfNobody } from './absent-authors.ts';
import { transportsWith } from './connection-faults.ts';
import { openDiskStorage } from './disk-storage.ts';
import { createSimFetch } from './http-network.ts';
import { openLink, type Connection, type Link } from './network.ts';
import { createRelayRecords } from './relay-records.ts';
import { serverAt } from './relay-tables.ts';
import { createSimPage } from './sim-page.ts';
import type { SimDevice, SimRelay, SimTab, World } from './world.ts';
import { followWrittenSessions } from './written-sessions.ts';
import { genesisTimeMs } from '../../src/session/account/version-1.ts';

/** Whether its code runs and may edit. */
export const isActive = ({ isOpen, isReady, isFrozen }: SimTab): boolean => isOpen && isReady && !isFrozen;

interface Replaced {
  readonly unsaved: readonly Content[];
  readonly retiredIDs: number;
}

/**
 * `replaced`: what the page's earlier session, which has lost its ID, leaves to this one. Resolves with undefined if the disk
 * could not be read for too long: a person has to start the page again.
 */
export async function openSimTab(
  world: World,
  device: SimDevice,
  name: string,
  replaced: Replaced = { unsaved: [], retiredIDs: 0 },
): Promise<SimTab | undefined> {
  const { genesis, disk, channels, locks, sessionIDs } = device;
  const { accountID } = genesis;
  const links = new Set<Connection>();
  const opened = new Map<RawCoID, RawCoValue>();
  const asked = new Set<RawCoID>();
  const life = { isRunning: true, isOpen: true, isReady: false, isRetired: false };
  const simPage = createSimPage(world, device);
  const { clock, page } = simPage;
  const { httpDice, hostileDice } = world;
  const nextTask = () => new Promise<void>((resolve) => world.time.immediate(() => simPage.run(resolve)));
  const platform: SyncPlatform = {
    clock,
    random: world.dice.bytes,
    nextTask,
    page,
    fetch: httpDice
      ? createSimFetch({
          clock: world.time,
          dice: httpDice,
          reach: (url) => reached(relayAt(url))?.door,
          opened(url, socket, connection) {
            links.add(connection);
            return connected(relayAt(url), socket, connection);
          },
        })
      : () =>
          new Promise((_, reject) => {
            clock.after(world.dice.between(1, 40), () => reject(new TypeError('Failed to fetch')));
          }),
    openWebSocket(url) {
      const relay = relayAt(url);
      const mode =
        httpDice && !world.isOver ? httpDice.oneOf(['refused', 'refused', 'slow', 'works']) : 'works';
      let onFrame: ReturnType<typeof connected> = () => {};
      const link: Link = openLink({
        clock: world.time,
        dice: world.dice,
        ...(mode === 'slow' && { slowMs: httpDice?.between(500, 20_000) ?? 0 }),
        accept(socket) {
          if (mode === 'refused' || !reached(relay)) return false;
          onFrame = connected(relay, socket, link);
          return true;
        },
        onFrame: (direction, frame) => onFrame(direction, frame),
        ...(hostileDice && {
          added: (frame) => (world.isOver ? undefined : sessionsOfNobody(hostileDice, frame)),
        }),
      });
      links.add(link);
      return link.socket;
    },
  };

  function relayAt({ host }: URL): SimRelay | undefined {
    return world.relays.find(({ id }) => id === host);
  }

  function reached(relay: SimRelay | undefined): SimRelay | undefined {
    return relay?.isUp && device.isOnline && life.isRunning ? relay : undefined;
  }

  /** Returns what to call for each frame. */
  function connected(relay: SimRelay | undefined, socket: ClientSocket, connection: Connection) {
    if (!relay) throw new Error('There is no such relay.');
    relay.links.add(connection);
    const server = serverAt(relay.id, relay.tables.identity);
    relay.connecting(device);
    relay.open(socket, device.name);
    world.connectKills.connected(world, tab, relay);
    return (direction: 'up' | 'down', frame: string) => {
      world.received(name, relay.name, direction, frame);
      if (direction === 'up') relay.received(device, frame);
      else {
        world.words.arrived({ device: device.name, tab: name, relay: relay.id, server, connection }, frame);
        if (life.isRunning) world.history.read(tab);
      }
    };
  }

  const crypto = await createSessionCrypto();
  const newSessionID = () => crypto.newRandomSessionID(accountID);
  const storage = openDiskStorage(disk, { clock, dice: world.dice, nextTask, tab: name });
  const lease = sessionIDs
    ? await sessionIDs.lease({ clock, disk, storage, accountID, newSessionID })
    : createUnsharedLease(newSessionID());
  const { sessionID } = lease;
  if (lease.isReused) world.note(`${name} reuses the session ID …${sessionID.slice(-6)}`);
  const node = createSessionNode({ crypto, agentSecret: genesis.agentSecret, sessionID, genesisTimeMs });
  node.setStorage(storage);
  const spareID = lease.isReused ? newSessionID() : undefined;
  const isReliable = () => storage.status.current.state === 'ok';
  const spare = spareID && createSpareSession({ node, spareID, isReliable });
  const sessions = [sessionID, ...(spareID ? [spareID] : [])];
  const writtenSession = spareID && followWrittenSessions(node, sessions);
  const transports = transportsWith(world.faults, platform);
  const freeLock = locks?.hold(sessionID);
  const sync = startSync({
    node,
    sync: { relays: world.relays.map(({ url }) => ({ url })), ...(transports && { transports }) },
    storage,
    ...(channels && {
      tabs: {
        name: `maia/edits/${accountID}`,
        ...(sessionIDs && { sessionIDs: sessions }),
        ...(locks && { heldSessionIDs: () => locks.list(clock) }),
        platform: {
          openTabChannel: (channel, received) =>
            channels.open(channel, {
              received: (message) => simPage.run(() => received(message)),
              isRunning: () => life.isRunning,
            }),
        },
      },
    }),
    platform,
    logger: silentLogger,
    memory: createRelayRecords(world, device, simPage),
  });
  const isClean = allSavedOf(sync, storage);
  const stopGuarding = guardSessionID({
    platform: { ...platform, locks: undefined },
    node,
    sync,
    logger: silentLogger,
    isKept: true,
    retiredIDs: replaced.retiredIDs,
    retire() {
      life.isRetired = true;
      world.history.read(tab);
      if (world.scenario.copies) spare?.retire();
      else world.ledger.forked(tab);
    },
    onRetired(forks) {
      world.note(`${name} retires its session ID, with ${forks.length} forks`);
      // What was written again is an edit of its own.
      for (const { id } of forks)
        if (spareID && node.getCoValue(id).knownState().sessions[spareID])
          world.ledger.edited(tab, id, undefined, spareID);
      return takeOver(forks);
    },
  });
  const { unsaved } = replaced;
  const account = { crypto, genesis, seed: undefined, keyrings: [], unsaved };

  /** The page ends for its device. */
  function leave(): void {
    device.remove(tab);
    life.isRunning = false;
    lease.release(false);
    simPage.end();
    freeLock?.();
  }

  /** As `createTakeOver` does. A page of its own takes this one's place. */
  async function takeOver(forks: readonly Fork[]): Promise<void> {
    life.isOpen = false;
    stopGuarding();
    await sync.close().catch(() => {});
    await node.gracefulShutdown().catch(() => {});
    if (!life.isRunning) return;
    const left = unsavedContent(node, sync, storage, forks);
    await nextTask();
    if (!disk.isFailing) disk.forget(forks.filter(({ id }) => left.every((content) => content.id !== id)));
    world.history.ended(tab, { isClean: false });
    leave();
    device.starting++;
    const next = await openSimTab(world, device, world.nextTabName(device), {
      unsaved: left,
      retiredIDs: replaced.retiredIDs + 1,
    });
    for (const id of opened.keys()) next?.open(id);
  }
  const tab: SimTab = {
    name,
    device,
    node,
    sync,
    storage,
    sessionID,
    sessionOf: (id) => writtenSession?.(id) ?? sessionID,
    links,
    opened,
    get isOpen() {
      return life.isOpen;
    },
    get isRetired() {
      return life.isRetired;
    },
    get isReady() {
      return life.isReady;
    },
    open(id) {
      if (asked.has(id)) return;
      asked.add(id);
      void node.load(id as CoID<RawCoValue>).then((coValue) => {
        asked.delete(id);
        if (coValue !== 'unavailable') opened.set(id, coValue);
      });
    },
    setVisible: simPage.setVisible,
    get isFrozen() {
      return simPage.isFrozen;
    },
    freeze(ms) {
      simPage.setFrozen(true);
      for (const link of links) link.stall(ms);
    },
    thaw: () => simPage.setFrozen(false),
    created: (coValue) => void opened.set(coValue.id, coValue),
    kill() {
      if (life.isRunning) world.history.ended(tab, { isClean: false });
      const mayHear = life.isOpen && life.isReady && !simPage.isFrozen;
      life.isOpen = life.isRunning = false;
      lease.release(mayHear && (sessionIDs?.hearsEnd() ?? false) && isClean());
      simPage.end();
      freeLock?.();
      device.remove(tab);
      for (const link of links) link.cut({ tab: false, relay: world.dice.chance(70) });
    },
    async close() {
      life.isOpen = false;
      try {
        stopGuarding();
        await sync.close();
        await node.gracefulShutdown();
        if (life.isRunning) lease.release(isClean());
        if (life.isRunning) world.history.ended(tab, { isClean: true });
      } catch (error) {
        if (life.isRunning) world.history.ended(tab, { isClean: false });
        throw error;
      } finally {
        // The page ends even if a write failed.
        if (life.isRunning) device.remove(tab);
        life.isRunning = false;
        lease.release(false);
        simPage.end();
        freeLock?.();
      }
    },
  };
  device.add(tab);
  device.starting--;
  world.ledger.watch(tab);
  const failedReads = disk.failedReads;
  try {
    await importAccount(platform, account, { node, sync });
  } catch (error) {
    const isUnreadable = isKernelError(error) && error.code === 'STORAGE_UNAVAILABLE';
    if (!isUnreadable || disk.failedReads === failedReads) throw error;
    world.note(`${name} cannot read the account`);
    tab.kill();
    return undefined;
  }
  life.isReady = true;
  return tab;
}
