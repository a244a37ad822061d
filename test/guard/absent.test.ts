import { cojsonInternals, LocalNode, type RawCoMap, type RawGroup } from 'cojson';
import { afterEach, expect, it, vi } from 'vitest';
import { isCompleteGroup } from '../../src/engine/covalue-access.ts';
import { createRelayNode } from '../../src/engine/create-node.ts';
import {
  attacker,
  crypto,
  give,
  holderOf,
  idOf,
  kernelNodes,
  memberOf,
  newSecret,
  nextMoment,
  sign,
  viewOf,
} from './nodes.ts';
import { until } from '../support/until.ts';

/** No device has a CoValue with this ID. */
const nobody = 'co_zFakeFakeFakeFakeFakeFakeFake';
const patienceMs = 10_000;

afterEach(() => {
  vi.useRealTimers();
});

function connect(relay: LocalNode, ...devices: readonly LocalNode[]): void {
  for (const device of devices) {
    const [toDevice, toRelay] = cojsonInternals.connectedPeers(
      `device ${crypto.uniquenessForHeader()}`,
      'relay',
      { peer1role: 'client', peer2role: 'server' },
    );
    relay.syncManager.addPeer(toDevice);
    device.syncManager.addPeer(toRelay);
  }
}

const isHere = (node: LocalNode, { id }: RawGroup | RawCoMap) => node.getCoValue(id).isAvailable();

async function open<T extends RawGroup | RawCoMap>(node: LocalNode, { id }: T): Promise<T> {
  const content = await node.load(id as RawGroup['id']);
  if (content === 'unavailable') throw new Error(`${id} is unavailable.`);
  return content as unknown as T;
}

async function newAccount() {
  const { node } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'x' }, crypto });
  const id = node.getCurrentAccountOrAgentID() as RawGroup['id'];
  const account = node.expectCurrentAccount('its own');
  return { node, id, account };
}

/** All that a new device needs to see the account. */
const giveAccount = (to: LocalNode, { node, id }: Awaited<ReturnType<typeof newAccount>>) => {
  give(to, node, { id });
};

it('[GROUP-8] a reader names a parent that does not exist: the group loads after ten seconds', async () => {
  const secret = newSecret();
  const [alice, mallory] = [await kernelNodes.honest(secret), attacker()];
  const group = alice.createGroup();
  const map = group.createMap({ a: 1 });
  group.addMember(memberOf(mallory), 'reader');
  give(mallory, alice, group);
  await nextMoment();
  sign(mallory, group, [`parent_${nobody}`, 'extend']);
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, mallory, group);
  give(second, alice, map);
  await vi.advanceTimersByTimeAsync(patienceMs - 1);
  expect(isHere(second, group)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(viewOf(second, group).myRole()).toBe('admin');
  expect(viewOf(second, map).toJSON()).toEqual({ a: 1 });
  // It may only be late, so nobody is told yet that they have no role.
  expect(isCompleteGroup(viewOf(second, group).core)).toBe(false);
});

it.each(['a link holder', 'a manager', 'a stranger'] as const)(
  '[GROUP-8] %s names a member that does not exist: a new device loads, writes and removes others',
  async (by) => {
    const secret = newSecret();
    const [alice, bob, carol] = [await kernelNodes.honest(secret), attacker(), attacker()];
    const relay = createRelayNode(crypto);
    const group = alice.createGroup();
    const map = group.createMap({ a: 1 });
    group.addMember(memberOf(bob), 'manager');
    group.addMember(memberOf(carol), 'writer');
    const mallory =
      by === 'a link holder' ? holderOf(group.createInvite('writer')) : by === 'a manager' ? bob : attacker();
    connect(relay, alice, mallory);
    await open(mallory, group);
    await nextMoment();
    sign(mallory, group, [nobody, 'writer']);
    const second = await kernelNodes.honest(secret);
    connect(relay, second);
    await until(() => {
      expect(relay.getCoValue(group.id).knownState().sessions).toHaveProperty([mallory.currentSessionID]);
    });
    const seen = await open(second, group);
    expect(seen.core.knownState().sessions).toHaveProperty([mallory.currentSessionID]);
    expect(isCompleteGroup(seen.core)).toBe(true);
    const opened = await open(second, map);
    const before = seen.get('readKey');
    seen.removeMember(memberOf(bob));
    expect(seen.get('readKey')).not.toBe(before);
    opened.set('b', 2);
    connect(relay, carol);
    await until(async () => {
      expect((await open(carol, map)).toJSON()).toEqual({ a: 1, b: 2 });
    });
    expect(() => {
      seen.removeMember(nobody as 'everyone');
    }).not.toThrow();
  },
);

it('[GROUP-8] somebody names members that do not exist, one after the other: the group waits only once', async () => {
  const secret = newSecret();
  const [alice, mallory] = [await kernelNodes.honest(secret), attacker()];
  const group = alice.createGroup();
  give(mallory, alice, group);
  const second = await kernelNodes.honest(secret);
  give(second, alice, group);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  for (let i = 1; i < 4; i++) {
    sign(mallory, group, [`co_zNobodyHasThisMember${i}`, 'reader']);
    give(second, mallory, group);
    await vi.advanceTimersByTimeAsync(patienceMs - i);
  }
  group.addMember('everyone', 'reader');
  give(second, alice, group);
  expect(viewOf(second, group).get('everyone')).toBe('reader');
});

it('[GROUP-8] a member whose account comes late reads what was written before it came', async () => {
  const secret = newSecret();
  const [alice, bob] = [await kernelNodes.honest(secret), attacker()];
  const carol = await newAccount();
  const group = alice.createGroup();
  const map = group.createMap({ a: 1 });
  giveAccount(alice, carol);
  group.addMember(viewOf(alice, carol.account), 'writer');
  group.addMember(memberOf(bob), 'writer');
  await nextMoment();
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, alice, group, map);
  expect(isHere(second, group)).toBe(false);
  await vi.advanceTimersByTimeAsync(patienceMs);
  vi.useRealTimers();
  viewOf(second, group).removeMember(memberOf(bob));
  viewOf(second, map).set('b', 2);
  give(carol.node, second, group, map);
  expect(viewOf(carol.node, map).get('b')).toBeUndefined();
  giveAccount(second, carol);
  await nextMoment();
  give(carol.node, second, group, map);
  expect(viewOf(carol.node, map).toJSON()).toEqual({ a: 1, b: 2 });
});

it('[GROUP-8] a parent that comes late gives its roles', async () => {
  const secret = newSecret();
  const [alice, bob] = [await kernelNodes.honest(secret), attacker()];
  const [parent, child] = [alice.createGroup(), alice.createGroup()];
  const map = child.createMap({ a: 1 });
  parent.addMember(memberOf(bob), 'writer');
  child.extend(parent);
  await nextMoment();
  give(bob, alice, parent, child, map);
  viewOf(bob, map).set('b', 2);
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, alice, child);
  give(second, bob, map);
  await vi.advanceTimersByTimeAsync(patienceMs);
  vi.useRealTimers();
  expect(viewOf(second, map).toJSON()).toEqual({ a: 1 });
  give(second, alice, parent);
  await nextMoment();
  expect(viewOf(second, child).roleOfInternal(idOf(bob))).toBe('writer');
  expect(viewOf(second, map).toJSON()).toEqual({ a: 1, b: 2 });
});

it('[GROUP-8] waits for the accounts of authors, also of those who were absent as members', async () => {
  const secret = newSecret();
  const alice = await kernelNodes.honest(secret);
  const carol = await newAccount();
  const group = alice.createGroup();
  giveAccount(alice, carol);
  group.addMember(viewOf(alice, carol.account), 'manager');
  await nextMoment();
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, alice, group);
  await vi.advanceTimersByTimeAsync(patienceMs);
  expect(viewOf(second, group).myRole()).toBe('admin');
  give(carol.node, alice, group);
  sign(carol.node, group, ['everyone', 'reader']);
  give(second, carol.node, group);
  await vi.advanceTimersByTimeAsync(10 * patienceMs);
  expect(viewOf(second, group).get('everyone')).toBeUndefined();
  giveAccount(second, carol);
  await vi.advanceTimersByTimeAsync(1);
  expect(viewOf(second, group).get('everyone')).toBe('reader');
});

it('[GROUP-8] what comes late and is no account has no role', async () => {
  const secret = newSecret();
  const [alice, mallory] = [await kernelNodes.honest(secret), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(mallory), 'manager');
  give(mallory, alice, group);
  const own = mallory.createGroup();
  const map = own.createMap();
  await nextMoment();
  sign(mallory, group, [map.id, 'reader']);
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, mallory, group);
  await vi.advanceTimersByTimeAsync(patienceMs);
  vi.useRealTimers();
  expect(viewOf(second, group).myRole()).toBe('admin');
  give(second, mallory, own, map);
  await nextMoment();
  const seen = viewOf(second, group);
  expect(seen.get(map.id as unknown as 'everyone')).toBeUndefined();
  const before = seen.get('readKey');
  seen.removeMember(memberOf(mallory));
  expect(seen.get('readKey')).not.toBe(before);
});

it('[GROUP-8] thousands of members that come late cost no judgment each', async () => {
  const secret = newSecret();
  const [alice, mallory] = [await kernelNodes.honest(secret), attacker()];
  const group = alice.createGroup();
  const link = holderOf(group.createInvite('reader'));
  give(link, alice, group);
  const own = mallory.createGroup();
  const maps = Array.from({ length: 50 }, () => own.createMap());
  await nextMoment();
  for (const { id } of maps) sign(link, group, [id, 'reader']);
  const second = await kernelNodes.honest(secret);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  give(second, link, group);
  await vi.advanceTimersByTimeAsync(patienceMs);
  const { core } = viewOf(second, group);
  const judgments = vi.spyOn(core, 'resetParsedTransactions');
  give(second, mallory, own);
  for (const map of maps) {
    give(second, mallory, map);
    await Promise.resolve();
  }
  expect(judgments).toHaveBeenCalledOnce();
  // Some of them have yet to be judged.
  expect(isCompleteGroup(core)).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(judgments).toHaveBeenCalledTimes(2);
  expect(isCompleteGroup(core)).toBe(true);
  expect(maps.map(({ id }) => viewOf(second, group).get(id as unknown as 'everyone'))).toEqual(
    maps.map(() => undefined),
  );
});
