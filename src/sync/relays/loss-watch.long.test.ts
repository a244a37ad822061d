import { cojsonInternals, LocalNode, type AgentSecret, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createReadable } from '../../base/readable.ts';
import type { Database } from '../../relay/database/database.ts';
import { prepareSchema } from '../../relay/database/schema.ts';
import { openStorageDirectory } from '../../relay/database/storage-directory.ts';
import { createSqlStorage } from '../../relay/storage/sql-storage.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { noRelayMemory, type RelayMemory, type RememberedRelay } from '../../storage/remembered-relay.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createTestLossWatch } from '../../../test/support/sync/test-loss-watch.ts';
import { inspectionOf } from '../inspection.ts';
import { startSync } from '../start-sync.ts';
import { until } from '../../../test/support/until.ts';
import { mapRelayMemory } from '../../../test/support/storage/map-relay-memory.ts';

// What a device keeps between two runs: a storage that works in Node, and its record of the relay.
let disk: Database;
let remembered: Map<string, RememberedRelay>;
let memory: RelayMemory;
let secret: AgentSecret;
let crypto: WasmCrypto;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  disk = await openStorageDirectory(await createStorage(), silentLogger);
  await prepareSchema(disk);
  remembered = new Map();
  memory = mapRelayMemory(remembered);
  crypto = await WasmCrypto.create();
  secret = crypto.newRandomAgentSecret();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await disk.close();
});

async function relayAt(port = 0): Promise<StockRelay> {
  const relay = await startStockRelay({ port });
  ends.push(() => relay.close());
  return relay;
}

/** A run of the device that has loaded nothing yet. */
function run(url: string) {
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const database = { clock: systemClock, logger: silentLogger, foundOlder: () => {} };
  const storage = createSqlStorage({ ...database, database: { ...disk, close: () => Promise.resolve() } });
  node.setStorage(storage);
  const sync = startSync({
    node,
    sync: { url },
    memory,
    logger: silentLogger,
    platform: createNodePlatform(),
    storage: { status: createReadable<StorageStatus>({ kind: 'custom', state: 'ok' }) },
  });
  async function close() {
    await sync.close();
    await node.gracefulShutdown();
    await storage.close(1_000);
  }
  ends.push(close);
  return { node, sync, close };
}

/** Maps that the relay has, and a copy of the relay's content from before the last edits. */
async function withCopy() {
  const relay = await relayAt();
  const first = run(relay.url);
  const maps = [1, 2, 3].map((n) => first.node.createGroup().createMap({ n }));
  await first.sync.whenConfirmed();
  const copy = contentOf(relay.node);
  maps[2]?.set('last', true);
  maps.push(first.node.createGroup().createMap({ n: 4 }));
  await first.sync.whenConfirmed();
  await first.close();
  await relay.close();
  return { maps, copy, port: relay.port };
}

function contentOf(node: LocalNode) {
  return [...node.allCoValues()].flatMap((core) => core.newContentSince() ?? []);
}

const isAt = (relay: StockRelay, maps: readonly RawCoMap[]) =>
  maps.every(({ id, core }) => {
    const there = relay.node.getCoValue(id);
    return there.isAvailable() && JSON.stringify(there.knownState()) === JSON.stringify(core.knownState());
  });

test('[CONF-5] a relay restored to an earlier state is refilled from storage, and confirms nothing before', async () => {
  const { maps, copy, port } = await withCopy();
  const restored = await relayAt(port);
  for (const content of copy) restored.node.syncManager.handleNewContent(content, 'import');
  const second = run(restored.url);
  const confirmedWith: boolean[] = [];
  second.sync.subscribe(({ status }) => {
    if (status === 'confirmed') confirmedWith.push(isAt(restored, maps));
  });
  await until(() => expect(second.sync.current.status).toBe('confirmed'));
  expect(isAt(restored, maps)).toBe(true);
  expect(confirmedWith).not.toContain(false);
});

test('a relay that has lost nothing is asked for a few CoValues, and sent nothing', async () => {
  const { copy, port } = await withCopy();
  const relay = await relayAt(port);
  for (const content of copy) relay.node.syncManager.handleNewContent(content, 'import');
  const second = run(relay.url);
  await until(() => expect(second.sync.current.status).toBe('confirmed'));
  await second.close();

  const third = run(relay.url);
  const sent: string[] = [];
  inspectionOf(third.sync)?.setTap((direction, _peerID, { action }) => {
    if (direction === 'sent') sent.push(action);
  });
  await until(() => expect(third.sync.current.status).toBe('confirmed'));
  expect(sent).toContain('load');
  expect(sent).not.toContain('content');
});

test('the loss of a CoValue with only a header is noticed', async () => {
  const relay = await relayAt();
  const first = run(relay.url);
  const group = first.node.createGroup();
  await first.sync.whenConfirmed();
  const copy = contentOf(relay.node);
  const map = group.createMap();
  await first.sync.whenConfirmed();
  await first.close();
  await relay.close();
  const restored = await relayAt(relay.port);
  for (const content of copy) restored.node.syncManager.handleNewContent(content, 'import');
  const second = run(restored.url);
  await until(() => expect(second.sync.current.status).toBe('confirmed'));
  expect(isAt(restored, [map])).toBe(true);
});

test('a loss is noticed even if this device could not save the lost content and the relay first sends something new', async () => {
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const map = node.createGroup().createMap({ n: 1 });
  const [toRelay, relay] = cojsonInternals.connectedPeers('relay', 'device', { peer1role: 'server' });
  let loads = 0;
  relay.incoming.onMessage((message) => {
    if (message !== 'Disconnected' && message.action === 'load' && message.id === map.id) loads++;
  });
  node.syncManager.addPeer(toRelay);
  const edit = { id: map.id, sessionID: node.currentSessionID, count: 1 };
  let doubts = 0;
  const losses = createTestLossWatch({
    node,
    relayID: 'relay',
    memory: { ...noRelayMemory, read: () => Promise.resolve({ confirmed: [edit] }) },
    recheck: () => Promise.resolve(void doubts++),
  });
  losses.connected(undefined);
  // The first load is cojson's own.
  await until(() => expect(loads).toBe(2));
  losses.handled({ action: 'content', id: map.id, priority: 3, new: {} });
  expect(losses.isSure).toBe(false);
  await until(() => expect(loads).toBe(3));
  losses.handled({ action: 'known', id: map.id, header: true, sessions: {} });
  await until(() => expect(losses.isSure).toBe(true));
  expect(doubts).toBe(1);
  relay.outgoing.close();
});

test('content that another tab saw lost and restored is rechecked in this tab, too', async () => {
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  let seen: RememberedRelay = {};
  let doubts = 0;
  const losses = createTestLossWatch({
    node,
    memory: { read: () => Promise.resolve(seen), write: (_, now) => Promise.resolve((seen = now)) },
    recheck: () => Promise.resolve(void doubts++),
  });
  const connect = async () => {
    losses.lost();
    losses.connected(undefined);
    expect(losses.isSure).toBe(false);
    await until(() => expect(losses.isSure).toBe(true));
    return doubts;
  };
  expect(await connect()).toBe(0);
  seen = { ...seen, losses: 1 };
  expect(await connect()).toBe(1);
  // A handled loss is not handled again, and does not count as another one.
  expect(await connect()).toBe(1);
  expect(seen.losses).toBe(1);
});
