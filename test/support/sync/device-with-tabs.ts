import { LocalNode, type CoID, type RawCoMap, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect } from 'vitest';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import { createFakePage, type FakePage } from '../platform/fake-page.ts';
import { createNodePlatform } from '../platform/node-platform.ts';
import { createSharedDevice, type SharedDevice, type SharedTab } from './shared-device.ts';
import { until } from '../until.ts';

/** One device of one account. Each tab has its own node and sync, like a page. */
export interface DeviceWithTabs extends Pick<SharedDevice, 'ledger' | 'piecesOf' | 'posted'> {
  /** Offline without a relay's address. */
  openTab(url?: string, clock?: Clock): Tab;
  /** A node with this session, not connected to the others. */
  forge(sessionID: SessionID): LocalNode;
  newSessionID(): SessionID;
  close(): Promise<void>;
}

export interface Tab extends SharedTab {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly page: FakePage;
  /** The CoValues changed by other tabs' edits. */
  readonly changes: readonly string[];
  /** How often this tab has read which tabs hold their lock. */
  lockReads(): number;
  map(id: string): RawCoMap;
}

export async function createDeviceWithTabs(): Promise<DeviceWithTabs> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const device = createSharedDevice();
  const open: SyncPeers[] = [];
  /** Simulates Web Locks, which a tab holds until it ends. */
  const heldSessionIDs = new Set<string>();
  const newSessionID = () => crypto.newRandomSessionID(crypto.getAgentID(secret));
  const forge = (sessionID: SessionID) => new LocalNode(secret, sessionID, crypto);

  function openTab(url?: string, clock: Clock = systemClock): Tab {
    const node = forge(newSessionID());
    const shared = device.openTab();
    const page = createFakePage();
    let lockReads = 0;
    node.setStorage(shared.storage);
    heldSessionIDs.add(node.currentSessionID);
    const sync = startSync({
      ...{ node, storage: shared.storage, memory: shared.memory, logger: silentLogger },
      tabs: {
        ...shared.setup,
        heldSessionIDs() {
          lockReads++;
          return Promise.resolve([...heldSessionIDs]);
        },
      },
      sync: url === undefined ? false : { url },
      platform: { ...createNodePlatform(), page, clock },
    });
    open.push(sync);
    const changes: string[] = [];
    sync.on('change', ({ ids, origin }) => origin === 'tab' && changes.push(...ids));
    return {
      ...{ ...shared, node, sync, page, changes },
      lockReads: () => lockReads,
      map: (id) => mapOf(node, id),
      kill() {
        shared.kill();
        heldSessionIDs.delete(node.currentSessionID);
      },
    };
  }

  return {
    ...{ ledger: device.ledger, piecesOf: device.piecesOf, posted: device.posted },
    ...{ openTab, forge, newSessionID },
    async close() {
      for (const sync of open.splice(0).reverse()) await sync.close();
    },
  };
}

export function mapOf(node: LocalNode, id: string): RawCoMap {
  return node.expectCoValueLoaded(id as CoID<RawCoMap>).getCurrentContent() as RawCoMap;
}

/** A map that all tabs have in memory. */
export async function shareMap([first, ...others]: readonly [Tab, ...Tab[]]): Promise<RawCoMap> {
  const map = first.node.createGroup().createMap();
  map.set('a', 0);
  await until(() => expect(first.sync.current.saved.pending).toBe(0));
  for (const { node } of others) expect(await node.load(map.id)).not.toBe('unavailable');
  return map;
}
