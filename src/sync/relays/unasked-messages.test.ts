import type { CoID, LocalNode, RawCoID, RawCoMap, RawCoValue } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { startHostileRelay, type HostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { createSharedDevice, type SharedDevice } from '../../../test/support/sync/shared-device.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Content } from '../../engine/content.ts';
import { inspectionOf } from '../inspection.ts';
import { startSync } from '../start-sync.ts';
import type { SyncEvents } from '../sync-events.ts';

async function openDevice(...relays: readonly { readonly url: string }[]) {
  return openTab(createSharedDevice(), relays);
}

async function openTab(device: SharedDevice, relays: readonly { readonly url: string }[]) {
  const { storage, memory } = device.openTab();
  const node = await createAgentNode();
  node.setStorage(storage);
  const sync = startSync({
    ...{ node, storage, memory, logger: silentLogger },
    sync: relays.length > 0 && { relays: relays.map(({ url }) => ({ url })) },
    platform: createNodePlatform(),
  });
  onTestFinished(() => sync.close());
  const dropped: SyncEvents['dropped'][] = [];
  sync.on('dropped', (detail) => dropped.push(detail));
  await until(() => sync.current.peers.every(({ phase }) => phase === 'connected'));
  return { node, sync, dropped, isStored: (id: RawCoID) => device.piecesOf(id) > 0 };
}

function contentOf({ core }: RawCoValue): readonly Content[] {
  return structuredClone(core.newContentSince() ?? []);
}

/** A map of somebody else, and a relay that has it. */
async function startWithMap(more: (id: RawCoID) => readonly object[] | undefined = () => undefined) {
  const author = await createAgentNode();
  const group = author.createGroup();
  group.addMember('everyone', 'reader');
  const map = group.createMap({ a: 1 }, null, 'trusting');
  const all = [...contentOf(group), ...contentOf(map)];
  const relay = await startHostileRelay((id) => (id === map.id ? all : more(id)));
  return { author, group, map, relay };
}

/** A relay of a tab that has stored another tab's map. */
async function startWithStored() {
  const relay = await startHostileRelay();
  const device = createSharedDevice();
  const { node: author, isStored } = await openTab(device, []);
  const map = author.createGroup().createMap({ a: 1 }, null, 'trusting');
  await until(() => isStored(map.id));
  return { map, relay, ...(await openTab(device, [relay])) };
}

function withoutHeader({ header: _, ...rest }: Content): Content {
  return rest;
}

/** Once this is here, all that the relay sent before has been handled. */
async function load(node: LocalNode, map: RawCoMap): Promise<void> {
  expect(await node.load(map.id)).not.toBe('unavailable');
}

const namesOf = (relay: HostileRelay) => new Set(relay.received.map(({ id }) => id));

it('[SEC-17] content that nobody asked for is not kept in memory, stored, acknowledged or passed on', async () => {
  const { author, map, relay } = await startWithMap();
  const other = await startHostileRelay();
  const { node, isStored } = await openDevice(relay, other);
  const groups = Array.from({ length: 50 }, () => author.createGroup());
  const values = groups.flatMap((group) => [group, group.createMap({ a: 1 }, null, 'trusting')]);
  relay.send(values.flatMap(contentOf));
  await load(node, map);
  const own = node.createGroup();
  await until(() => namesOf(relay).has(own.id) && namesOf(other).has(own.id) && isStored(own.id));
  expect(values.filter(({ id }) => node.isCoValueInMemory(id) || isStored(id))).toEqual([]);
  expect(values.filter(({ id }) => namesOf(relay).has(id) || namesOf(other).has(id))).toEqual([]);
});

it('[SEC-17] what a relay says about CoValues that it was not asked about is not kept, and nobody is asked about them', async () => {
  const { author, map, relay } = await startWithMap();
  const other = await startHostileRelay();
  const { node } = await openDevice(relay, other);
  const ids: readonly RawCoID[] = Array.from({ length: 60 }, () => author.createGroup().id);
  const [known, loads, reconciled] = [ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)];
  relay.send([
    ...known.map((id) => ({ action: 'known', id, header: true, sessions: {} })),
    ...known.map((id) => ({ action: 'done', id })),
    ...loads.map((id) => ({ action: 'load', id, header: false, sessions: {} })),
    ...loads.map((id) => ({ action: 'load', id, header: true, sessions: {} })),
    { action: 'reconcile', id: 'batch', values: reconciled.map((id) => [id, 'hash']) },
  ]);
  await load(node, map);
  await until(() => loads.every((id) => namesOf(relay).has(id)));
  expect(ids.filter((id) => node.isCoValueInMemory(id))).toEqual([]);
  expect(ids.filter((id) => namesOf(other).has(id))).toEqual([]);
  expect(relay.received.filter(({ id }) => ids.includes(id as RawCoID))).toEqual(
    expect.not.arrayContaining([expect.objectContaining({ action: 'load' })]),
  );
});

it('what a value depends on is taken from what came before it, and asked for no more', async () => {
  const { group, map, relay } = await startWithMap();
  const { node, isStored, dropped } = await openDevice(relay);
  await load(node, map);
  await until(() => isStored(group.id) && isStored(map.id));
  expect(relay.received.filter(({ id, action }) => id === group.id && action === 'load')).toEqual([]);
  expect(dropped).toEqual([]);
});

it('[SEC-17] an event tells once of each CoValue that nobody asked for', async () => {
  const { author, map, relay } = await startWithMap();
  const { node, dropped } = await openDevice(relay);
  const group = author.createGroup();
  const later = contentOf(group).map(withoutHeader);
  relay.send([...later, ...later]);
  await load(node, map);
  await until(() => dropped.length > 0);
  expect(dropped).toEqual([
    {
      peerID: expect.any(String) as string,
      id: group.id,
      sessionID: author.currentSessionID,
      reason: 'Nothing on this device asked for it.',
    },
  ]);
});

it('a relay that asks for a value that is only stored gets it', async () => {
  const { map, relay, isStored } = await startWithStored();
  expect(isStored(map.id)).toBe(true);
  relay.send([{ action: 'load', id: map.id, header: false, sessions: {} }]);
  await until(() => relay.received.some(({ id, action }) => id === map.id && action === 'content'));
});

it('no event tells of content of what is stored, which relays send with what depends on it', async () => {
  const { map, relay, dropped } = await startWithStored();
  const group = (await createAgentNode()).createGroup();
  relay.send([map, group].flatMap(contentOf).map(withoutHeader));
  await until(() => dropped.length > 0);
  expect(dropped).toEqual([expect.objectContaining({ id: group.id })]);
});

it.each([
  ['a stock relay', startStockRelay],
  ['a Maia relay', () => startRelay({ storage: 'memory:' })],
])('takes all that %s sends, asks for nothing twice, and drops nothing', async (_, start) => {
  const relay = await start();
  const author = await createAccountNode();
  const writing = startMemorySync(author, { url: relay.url });
  onTestFinished(async () => {
    await writing.close();
    await relay.close();
  });
  const maps = Array.from({ length: 10 }, () => {
    const group = author.createGroup();
    group.addMember('everyone', 'reader');
    group.extend(author.createGroup());
    return group.createMap({ a: 1 }, null, 'trusting');
  });
  await writing.whenConfirmed();
  const { node, sync, dropped } = await openDevice(relay);
  const asked: string[] = [];
  inspectionOf(sync)?.setTap((way, _relay, { action, id }) => {
    if (way === 'sent' && action === 'load') asked.push(id);
  });
  for (const loaded of await Promise.all(maps.map(({ id }) => node.load(id))))
    expect(loaded).not.toBe('unavailable');
  expect(new Set(asked)).toEqual(new Set(maps.map(({ id }) => id)));
  // A group gets a parent that the relay has to send before.
  const [map] = maps;
  const parent = author.createGroup();
  map?.group.extend(parent);
  map?.set('a', 2, 'trusting');
  await until(() => (node.getLoaded(map?.id as CoID<RawCoMap>) as RawCoMap).get('a') === 2);
  await until(() => node.getLoaded(parent.id) !== undefined);
  expect(asked).toHaveLength(maps.length);
  expect(dropped).toEqual([]);
});
