import type { LocalNode } from 'cojson';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { attacker, give, holderOf, idOf, kernelNodes, memberOf, viewOf } from '../../../test/guard/nodes.ts';
import { signRaw } from '../../../test/guard/steps.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { connectStock } from '../../../test/support/relay/stock-client.ts';
import { confirmed, openRelay } from '../../../test/support/relay/test-relay.ts';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { authorOf, sessionsOf } from '../../engine/content.ts';
import { removeMember } from '../../engine/membership.ts';
import type { Relay } from '../../relay/index.ts';
import { foreignStorageStatus } from '../begin-sync.ts';
import { confirmationsOf } from '../confirmations.ts';
import { startSync } from '../start-sync.ts';
import { createForeignRefusals } from './foreign-refusals.ts';
import { until } from '../../../test/support/until.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay();
}, 60_000);
afterAll(() => relay.close());

async function connect(node: LocalNode, { url }: { readonly url: string } = relay) {
  const sync = startSync({
    node,
    sync: { url },
    storage: { status: foreignStorageStatus(node) },
    platform: createNodePlatform(),
    logger: { debug: () => {}, warn: () => {} },
  });
  onTestFinished(() => sync.close());
  const [dropped, refused] = [vi.fn(), vi.fn()];
  sync.on('dropped', dropped);
  sync.on('refused', refused);
  await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  return { sync, dropped, refused };
}

test('[SEC-15] a session of another account that the relay refuses fails and holds up no edit of this device', async () => {
  const [node, guest] = [await kernelNodes.honest(), attacker()];
  const group = node.createGroup();
  group.addMember('everyone', 'writer');
  const [map, other] = [group.createMap({ a: 1 }), group.createMap({ a: 1 })];
  give(guest, node, group, other);
  signRaw(guest, other, ['b', 2], { at: `${other.id}/${guest.currentSessionID}` });
  const content = guest.getCoValue(other.id).newContentSince() ?? [];
  const replayed = content.flatMap((one) =>
    sessionsOf(one).filter(([sessionID]) => sessionID === guest.currentSessionID),
  );
  node.syncManager.handleNewContent(
    structuredClone({ action: 'content', id: map.id, priority: 3, new: Object.fromEntries(replayed) }),
    'import',
  );
  const { sync, dropped, refused } = await connect(node);
  map.set('a', 3);
  await until(() => expect(dropped).toHaveBeenCalledOnce());
  expect(dropped.mock.lastCall).toMatchObject([{ id: map.id, sessionID: guest.currentSessionID }]);
  await until(() => expect(sync.current).toMatchObject({ status: 'confirmed' }));
  map.set('a', 4);
  expect(sync.current).not.toMatchObject({ status: 'confirmed' });
  await until(() => expect(sync.current).toMatchObject({ status: 'confirmed' }));
  expect(refused).not.toHaveBeenCalled();
});

test('[SEC-15] a fork of another account’s session, from another relay, holds up no edit of this device', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const [node, member] = [await kernelNodes.honest(), attacker()];
  const group = node.createGroup();
  group.addMember(memberOf(member), 'writer');
  const map = group.createMap({ a: 1 });
  const owner = attacker();
  for (const other of [owner, member]) give(other, node, group, map);
  const copy = attacker(member.agentSecret);
  Object.assign(copy, { currentSessionID: member.currentSessionID });
  give(copy, node, group, map);
  signRaw(member, map, ['word', 'at this relay']);
  for (const word of ['at another relay', 'and more']) signRaw(copy, map, ['word', word]);
  give(owner, member, map);
  connectStock(owner, relay.url);
  await confirmed(owner, map);
  give(node, copy, map);
  const { sync, dropped } = await connect(node);
  map.set('a', 2);
  await until(() => expect(dropped).toHaveBeenCalledOnce());
  await until(() => expect(sync.current.confirmed.pending).toBe(0));
  map.set('a', 3);
  expect(sync.current.confirmed.pending).not.toBe(0);
  await until(() => expect(sync.current.confirmed.pending).toBe(0));
});

test('[SEC-15] a refused acceptance of an invite is no session of another account, until the invite is revoked', async () => {
  const [node, owner] = [await kernelNodes.honest(), await kernelNodes.honest()];
  const group = owner.createGroup();
  const map = group.createMap({ a: 1 });
  const link = holderOf(group.createInvite('writer'));
  for (const one of [link, node]) give(one, owner, group, map);
  signRaw(link, group, [node.getCurrentAccountOrAgentID(), 'writer']);
  give(node, link, group);
  expect(viewOf(node, group).myRole()).toBe('writer');
  signRaw(node, map, ['a', 2]);
  const [onConfirmed, onDropped] = [vi.fn(), vi.fn()];
  const refusals = createForeignRefusals({
    node,
    ladder: { pending: new Map(), confirmed: onConfirmed },
    relayID: 'relay',
    onDropped,
  });
  const error = createKernelError('RELAY_REFUSED', 'refused');
  const { currentSessionID } = link;
  expect(refusals.refused(group.id, currentSessionID, error)).toBe(false);
  expect(refusals.refused(map.id, node.currentSessionID, error)).toBe(false);
  expect(onConfirmed).not.toHaveBeenCalled();
  expect(refusals.refused(group.id, attacker().currentSessionID, error)).toBe(true);

  removeMember(group, idOf(link));
  give(node, owner, group);
  expect(viewOf(node, group).myRole()).toBeUndefined();
  expect(refusals.refused(group.id, currentSessionID, error)).toBe(true);
  expect(onConfirmed).toHaveBeenCalledWith(group.id, { [currentSessionID]: 1 }, 'relay');
  expect(onDropped).toHaveBeenCalledOnce();
});

test('[SEC-15] refusals of own sessions that are not here change nothing, and are not looked into', async () => {
  const relay = await startHostileRelay();
  const node = await kernelNodes.honest();
  const map = node.createGroup().createMap({ a: 1 });
  const { sync, refused } = await connect(node, relay);
  await until(() => expect(sync.current.confirmed.pending).toBe(0));
  const claimed = vi.fn();
  confirmationsOf(sync)?.onOwnSessionClaim(claimed);
  const before = [...node.allCoValues()].length;
  const { currentSessionID } = node;
  const of = (n: number) => [
    { id: `co_z${n}`, sessionID: currentSessionID },
    { id: `co_z${n}` },
    { id: map.id, sessionID: `${authorOf(currentSessionID)}_session_z${n}` },
  ];
  const ns = Array.from({ length: 300 }, (_, n) => Number(String(n + 1).replaceAll('0', '9')));
  const reason = 'It is another client’s.';
  relay.send(
    ns.flatMap(of).map((about) => ({ maia: 'refused', code: 'fork', reason, closing: false, ...about })),
  );
  relay.send([
    { maia: 'refused', code: 'fork', reason, closing: false, id: map.id, sessionID: currentSessionID },
  ]);
  await until(() => expect(refused).toHaveBeenCalled());
  expect([refused, claimed].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  expect([...node.allCoValues()]).toHaveLength(before);
});

test('[SEC-15] refusals of sessions that are not here take no memory, and one that is here is told of once', async () => {
  const [node, guest] = [await kernelNodes.honest(), attacker()];
  const group = node.createGroup();
  group.addMember('everyone', 'writer');
  const map = group.createMap({ a: 1 });
  give(guest, node, group, map);
  signRaw(guest, map, ['b', 2]);
  give(node, guest, map);
  const onDropped = vi.fn();
  const refusals = createForeignRefusals({
    node,
    ladder: { pending: new Map(), confirmed: vi.fn() },
    relayID: 'relay',
    onDropped,
  });
  const error = createKernelError('RELAY_REFUSED', 'refused');
  const before = [...node.allCoValues()].length;
  for (const id of ['co_zNobodyHasThis', map.id]) {
    expect(refusals.refused(id, `${group.id}_session_z2`, error)).toBe(true);
    expect(refusals.withRefused(id, {})).toEqual({});
  }
  expect([...node.allCoValues()]).toHaveLength(before);
  for (let n = 0; n < 3; n++) refusals.refused(map.id, guest.currentSessionID, error);
  expect(onDropped).toHaveBeenCalledOnce();
});
