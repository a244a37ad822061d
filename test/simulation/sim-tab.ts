import type { CoID, LocalNode, RawCoID, RawCoValue, SessionID } from 'cojson';
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createSessionCrypto } from '../../src/session/account/session-crypto.ts';
import { createSessionNode } from '../../src/session/account/session-node.ts';
import { guardSessionID } from '../../src/session/session-ids/guard-session-id.ts';
import { bringInAccount } from '../../src/session/opening/import-account.ts';
import type { SyncPlatform } from '../../src/sync/begin-sync.ts';
import { joinLosses } from '../../src/storage/relay-memory.ts';
import { startSync } from '../../src/sync/start-sync.ts';
import type { SyncPeers } from '../../src/sync/sync-peers.ts';
import { transportsWith } from './connection-faults.ts';
import { openDiskStorage, type DiskStorage } from './disk-storage.ts';
import { openLink, type Link } from './network.ts';
import type { SimDevice } from './sim-device.ts';
import type { World } from './create-world.ts';

/** One page with a session: the kernel's own node and sync, on the device's disk. */
export interface SimTab {
  readonly name: string;
  readonly device: SimDevice;
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly storage: DiskStorage;
  readonly sessionID: SessionID;
  readonly links: ReadonlySet<Link>;
  /** What the page works on. */
  readonly opened: ReadonlyMap<RawCoID, RawCoValue>;
  /** False from its end on, or once it has begun to end. */
  readonly isOpen: boolean;
  /** The account is there. */
  readonly isReady: boolean;
  /** From now on the page works on it, as soon as it is there. */
  open(id: RawCoID): void;
  made(coValue: RawCoValue): void;
  /** Nothing of the page runs any more, from one moment to the next. */
  kill(): void;
  /** Ends the session as closing it does. */
  close(): Promise<void>;
}

export async function openSimTab(world: World, device: SimDevice, name: string): Promise<SimTab> {
  const { genesis, disk, channels } = device;
  const links = new Set<Link>();
  const opened = new Map<RawCoID, RawCoValue>();
  const asked = new Set<RawCoID>();
  const life = { isRunning: true, isOpen: true, isReady: false };
  const clock: Clock = {
    nowMs: world.time.nowMs,
    after: (delayMs, run) =>
      life.isRunning ? world.time.after(delayMs, () => void (life.isRunning && run())) : () => {},
  };
  const nextTask = () => new Promise<void>((resolve) => world.time.immediate(resolve));
  const platform: SyncPlatform = {
    clock,
    random: world.dice.bytes,
    nextTask,
    page: {
      url: undefined,
      isSecureContext: true,
      get isOnline() {
        return device.isOnline;
      },
      isVisible: true,
      on: (event, listener) => device.onPage(event, () => void (life.isRunning && listener())),
    },
    // Only the WebSocket gets through here; what HTTP is for has tests of its own.
    fetch: () =>
      new Promise((_, reject) => {
        clock.after(world.dice.between(1, 40), () => reject(new TypeError('Failed to fetch')));
      }),
    openWebSocket(url) {
      const relay = world.relays.find((each) => each.url === url.href);
      const link: Link = openLink({
        clock: world.time,
        dice: world.dice,
        accept(socket) {
          if (!relay?.isUp || !device.isOnline || !life.isRunning) return false;
          relay.links.add(link);
          relay.isAsked(device);
          relay.open(socket, device.name);
          return true;
        },
        arrived: (direction, frame) => world.heard(name, relay?.name ?? '', direction, frame),
      });
      links.add(link);
      return link.socket;
    },
  };

  const crypto = await createSessionCrypto();
  const sessionID = crypto.newRandomSessionID(genesis.accountID);
  const node = createSessionNode(crypto, genesis.agentSecret, sessionID);
  const storage = openDiskStorage(disk, { clock, dice: world.dice, nextTask, tab: name });
  node.setStorage(storage);
  const transports = transportsWith(world.faults, platform);
  const sync = startSync({
    node,
    sync: { relays: world.relays.map(({ url }) => ({ url })), ...(transports && { transports }) },
    storage,
    ...(channels && {
      tabs: {
        name: `maia/edits/${genesis.accountID}`,
        platform: {
          openTabChannel: (channel, received) =>
            channels.open(channel, { received, isRunning: () => life.isRunning }),
        },
      },
    }),
    platform,
    logger: silentLogger,
    memory: {
      read: (relayID) =>
        new Promise((resolve) =>
          clock.after(world.dice.between(0, 10), () => resolve(device.relays.get(relayID))),
        ),
      write: (relayID, remembered) =>
        void clock.after(world.dice.between(0, 10), () => {
          device.relays.set(relayID, joinLosses(device.relays.get(relayID), remembered));
        }),
    },
  });
  const stopGuarding = guardSessionID({
    platform: { ...platform, locks: undefined },
    node,
    sync,
    logger: silentLogger,
    isKept: true,
    canRetire: true,
    retire: () => world.record.forked(tab),
    onRetired: () => Promise.resolve(),
  });
  const account = { crypto, genesis, seed: undefined, keyrings: [] };
  const tab: SimTab = {
    name,
    device,
    node,
    sync,
    storage,
    sessionID,
    links,
    opened,
    get isOpen() {
      return life.isOpen;
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
    made: (coValue) => void opened.set(coValue.id, coValue),
    kill() {
      life.isOpen = life.isRunning = false;
      device.remove(tab);
      for (const link of links) link.cut({ tab: false, relay: world.dice.chance(70) });
    },
    async close() {
      life.isOpen = false;
      try {
        stopGuarding();
        await sync.close();
        await node.gracefulShutdown();
      } finally {
        // The page goes, whatever could not be written.
        if (life.isRunning) device.remove(tab);
        life.isRunning = false;
      }
    },
  };
  device.add(tab);
  world.record.watch(tab);
  await bringInAccount(platform, account, { node, sync });
  life.isReady = true;
  return tab;
}
