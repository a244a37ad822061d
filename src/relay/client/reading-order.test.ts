import { cojsonInternals, type CoValueCore, type RawCoMap, type RawGroup, type SyncMessage } from 'cojson';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import type { Content } from '../../engine/content.ts';
import { createRelayNode } from '../../engine/create-node.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import {
  createDependencyQueue,
  maxBytesDuringReads,
  maxMessagesDuringReads,
  waitForDependencyMs,
} from './dependency-queue.ts';
import { until } from '../../../test/support/until.ts';

const ghost = 'co_zGhost1111111111111111';
const turn = () => new Promise((resolve) => setImmediate(resolve));

const contentsOf = (core: CoValueCore): Content[] => core.newContentSince(undefined) ?? [];
const loadOf = ({ id }: Pick<CoValueCore, 'id'>): SyncMessage & { action: 'load' } => ({
  ...{ action: 'load', id, header: false, sessions: {} },
});

/** A queue that reads the beginnings of these CoValues, until `end` is called for one of them. */
async function setUp() {
  const owner = await createClientNode();
  const map = owner.createGroup().createMap({ word: 'first' });
  const account = owner.getCoValue(owner.expectCurrentAccountID('test'));
  const node = createRelayNode(crypto);
  const [peer, client] = cojsonInternals.connectedPeers('client', 'relay', {
    peer1role: 'client',
    peer2role: 'server',
  });
  node.syncManager.addPeer(peer);
  const requested: unknown[] = [];
  client.incoming.onMessage((message) => {
    if (message !== 'Disconnected' && message.action === 'load') requested.push(message.id);
  });
  const clock = createFakeClock();
  const reading = new Map<string, { end(): void; fail(): void }>();
  const refused = new Set<string>();
  const passed: string[] = [];
  const handling = { hasEnded: true };
  const unreadable = vi.fn();
  const dropped = vi.fn();
  const queue = createDependencyQueue({
    ...{ node, clock, maxBytes: Infinity, unreadable, dropped },
    peer: () => node.syncManager.peers['client'],
    mayName: () => true,
    isTakenDown: () => false,
    isBarred: () => false,
    readBeginnings: ({ id }) =>
      reading.has(id)
        ? new Promise((resolve, reject) => reading.set(id, { end: resolve, fail: reject }))
        : undefined,
    pass(message) {
      const { action } = message;
      passed.push(action === 'content' || action === 'load' ? `${action} ${message.id}` : action);
      if (action === 'content' && !refused.has(message.id))
        node.syncManager.handleNewContent(message, 'import');
    },
    hasHandledAll: () => handling.hasEnded,
    gaveUp() {},
    holds() {},
    lookedUp() {},
  });
  onTestFinished(queue.close);
  return {
    ...{ queue, passed, handling, requested, refused, clock, unreadable, dropped, node },
    ...{ account, group: map.group.core, map: map.core },
    takeAll: (...cores: readonly CoValueCore[]) => {
      for (const piece of cores.flatMap(contentsOf)) queue.take(piece);
    },
    read(...cores: readonly CoValueCore[]) {
      for (const { id } of cores) reading.set(id, { end() {}, fail() {} });
    },
    async end({ id }: CoValueCore) {
      reading.get(id)?.end();
      await turn();
      await turn();
    },
    /** Without a turn of the event loop. */
    async endNow({ id }: CoValueCore) {
      reading.get(id)?.end();
      await Promise.resolve();
      await Promise.resolve();
    },
    async fail({ id }: CoValueCore) {
      reading.get(id)?.fail();
      await turn();
    },
  };
}

it('[RELAY-27] keeps the order of one CoValue, and lets messages about others pass', async () => {
  const { queue, account, group, map, takeAll, read, end, passed } = await setUp();
  takeAll(account, group);
  passed.length = 0;
  read(map);
  takeAll(map);
  expect([queue.hold(loadOf(map)), queue.hold(loadOf(group))]).toEqual([true, false]);
  takeAll(map);
  expect(queue.hold({ ...loadOf(map), action: 'known' })).toBe(true);
  const compare = { action: 'reconcile', id: 'batch', values: [group.id, map.id].map((id) => [id, 'hash']) };
  expect(queue.hold(compare as SyncMessage & { action: 'reconcile' })).toBe(true);
  expect(passed).toEqual([]);
  await end(map);
  expect(passed).toEqual([`content ${map.id}`, `load ${map.id}`]);
  await end(map);
  expect(passed.slice(2)).toEqual([`content ${map.id}`, 'known', 'reconcile']);
  expect(queue.hold(loadOf(map))).toBe(false);
});

it('[RELAY-27] holds messages about what depends on content that is being read, and requests nothing of it', async () => {
  const { queue, account, group, map, takeAll, read, end, passed, requested } = await setUp();
  read(account, group);
  takeAll(account, group, map);
  expect(queue.hold(loadOf(map))).toBe(true);
  await end(account);
  expect(passed).toEqual([`content ${account.id}`]);
  await end(group);
  const inOrder = [account, group, map].map(({ id }) => `content ${id}`);
  expect(passed).toEqual([...inOrder, `load ${map.id}`]);
  expect(requested).toEqual([]);
});

it('[RELAY-27] holds them until the node has handled what was read', async () => {
  const { queue, account, group, map, takeAll, read, end, passed, handling, refused, node } = await setUp();
  read(account);
  // The node takes it later.
  refused.add(account.id);
  takeAll(account, group, map);
  queue.hold(loadOf(map));
  handling.hasEnded = false;
  await end(account);
  expect(passed).toEqual([`content ${account.id}`]);
  expect(queue.hold({ ...loadOf(map), action: 'known' })).toBe(true);
  for (const piece of contentsOf(account)) node.syncManager.handleNewContent(piece, 'import');
  handling.hasEnded = true;
  await turn();
  const inOrder = [account, group, map].map(({ id }) => `content ${id}`);
  expect(passed).toEqual([...inOrder, `load ${map.id}`, 'known']);
});

it('[RELAY-27] compares nothing of what waits with what has just been passed on', async () => {
  const { queue, account, group, map, takeAll, read, endNow, passed } = await setUp();
  const other = (group.getCurrentContent() as RawGroup).createMap({ word: 'other' }).core;
  takeAll(account, group);
  read(map, other);
  takeAll(map, other);
  queue.hold(loadOf(map));
  await endNow(map);
  expect(passed).toContain(`load ${map.id}`);
  const compare = { action: 'reconcile', id: 'batch', values: [map.id, other.id].map((id) => [id, 'hash']) };
  expect(queue.hold(compare as SyncMessage & { action: 'reconcile' })).toBe(true);
});

it('[RELAY-27] requests what was read and refused, and releases what depends on it', async () => {
  const { queue, account, group, map, takeAll, read, end, passed, requested, refused } = await setUp();
  read(account);
  refused.add(account.id);
  takeAll(account, group, map);
  queue.hold(loadOf(map));
  expect(requested).toEqual([]);
  await end(account);
  expect(passed).toEqual([`content ${account.id}`, `load ${map.id}`]);
  await until(() => expect(requested).toContain(account.id));
});

it('holds nothing for content whose dependencies nobody has sent', async () => {
  const { queue, account, group, map, takeAll, passed } = await setUp();
  takeAll(account, group);
  const [piece] = contentsOf(map);
  if (!piece) throw new Error('There is no content.');
  const [content] = Object.values(piece.new);
  queue.take({ ...piece, new: { [`${ghost}_session_z1111`]: content } as Content['new'] });
  expect(queue.hold(loadOf(map))).toBe(false);
  expect(passed).not.toContain(`content ${map.id}`);
});

it('[RELAY-27] passes nothing on if the database fails, or gives no answer in time', async () => {
  const { queue, account, group, map, takeAll, read, fail, passed, unreadable, dropped, clock } =
    await setUp();
  takeAll(account, group);
  passed.length = 0;
  read(map);
  takeAll(map);
  queue.hold(loadOf(map));
  clock.advance(waitForDependencyMs - 1);
  expect(unreadable).not.toHaveBeenCalled();
  clock.advance(1);
  expect(unreadable).toHaveBeenCalledTimes(1);
  await fail(map);
  expect(unreadable).toHaveBeenCalledTimes(2);
  expect([passed, dropped.mock.calls]).toEqual([[], []]);
});

it('[RELAY-27] forgets what waits when the connection ends', async () => {
  const { queue, account, group, map, takeAll, read, end, passed, clock } = await setUp();
  read(account);
  takeAll(account, group, map);
  queue.hold(loadOf(map));
  queue.close();
  await end(account);
  expect([passed, queue.isFull(), clock.waiting]).toEqual([[], false, 0]);
});

it('[RELAY-27] is full while much waits for the database', async () => {
  const { queue, account, group, map, takeAll, read, end } = await setUp();
  takeAll(account, group);
  read(map);
  takeAll(map);
  for (let count = 2; count < maxMessagesDuringReads; count++) queue.hold(loadOf(map));
  expect(queue.isFull()).toBe(false);
  queue.hold(loadOf(map));
  expect(queue.isFull()).toBe(true);
  await end(map);
  expect(queue.isFull()).toBe(false);
});

it('[RELAY-27] is full while many bytes wait for the database', async () => {
  const { queue, account, group, map, takeAll, read, end } = await setUp();
  const large = 'x'.repeat(maxBytesDuringReads / 4);
  const content = map.getCurrentContent() as RawCoMap;
  for (const key of ['a', 'b', 'c', 'd']) content.set(key, large, 'trusting');
  takeAll(account, group);
  read(map);
  takeAll(map);
  expect(queue.isFull()).toBe(true);
  while (queue.isFull()) await end(map);
});

it('[RELAY-26] reads the beginnings of a group although it names members that nobody has', async () => {
  const { account, group, takeAll, read, end, passed, clock } = await setUp();
  (group.getCurrentContent() as unknown as { set(...args: unknown[]): void }).set(
    ghost,
    'reader',
    'trusting',
  );
  takeAll(account);
  read(group);
  takeAll(group);
  clock.advance(waitForDependencyMs);
  expect(passed).toEqual([`content ${account.id}`]);
  await end(group);
  expect(passed).toContain(`content ${group.id}`);
});
