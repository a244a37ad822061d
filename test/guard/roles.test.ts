import { expect, it } from 'vitest';
import type { RawGroup } from 'cojson';
import { attempt, readWith, roleIn, seal } from './attack.ts';
import {
  attacker,
  crypto,
  give,
  holderOf,
  idOf,
  kernelNodes,
  memberOf,
  nextMoment,
  sign,
  viewOf,
} from './nodes.ts';
import { readKeyOf, open, past, signRaw, start } from './steps.ts';

it('[GROUP-6] a stranger names a child group in its parent; then a removed member reads the child', async () => {
  const { secret, alice, group: parent } = await start();
  const [bob, stranger] = [attacker(), attacker()];
  parent.addMember(memberOf(bob), 'writer');
  const child = alice.createGroup();
  child.extend(parent);
  const map = child.createMap();
  give(bob, alice, parent, child, map);
  give(stranger, alice, parent, child);
  sign(stranger, parent, [`parent_${child.id}`, 'reader']);
  const second = await kernelNodes.honest(secret);
  give(second, stranger, parent);
  give(second, stranger, child);
  give(second, alice, map);
  await nextMoment();
  const key = readKeyOf(child);
  viewOf(second, child);
  viewOf(second, parent).removeMember(memberOf(bob));
  await nextMoment();
  viewOf(second, map).set('plan', 'private text');
  give(bob, second, map);
  expect(readWith(key, bob, second, map)).toEqual([]);
});

it('[GROUP-2] a stranger names a map of the group; a removed member’s edit still counts on one device', async () => {
  const { secret, alice, group, map } = await start();
  const [bob, stranger] = [attacker(), attacker()];
  group.addMember(memberOf(bob), 'writer');
  give(bob, alice, group, map);
  give(stranger, alice, group);
  signRaw(stranger, group, [map.id, 'reader']);
  const second = await kernelNodes.honest(secret);
  give(second, stranger, group);
  give(second, alice, map);
  await nextMoment();
  viewOf(second, map);
  group.removeMember(memberOf(bob));
  await nextMoment();
  viewOf(bob, map).set('late', 'by bob');
  give(second, bob, map);
  give(second, alice, group);
  give(alice, bob, map);
  await nextMoment();
  expect([map.toJSON(), viewOf(second, map).toJSON()]).toEqual([{ a: 1 }, { a: 1 }]);
});

it('[GROUP-2] a link gives a role to a map that is not in memory at the moment', async () => {
  const { alice, group, map } = await start();
  const bob = attacker();
  group.addMember(memberOf(bob), 'writer');
  const link = holderOf(group.createInvite('reader'));
  give(link, alice, group);
  await nextMoment();
  sign(link, group, [map.id, 'reader']);
  give(alice, link, group);
  alice.internalUnmountCoValue(map.id);
  group.addMember(memberOf(attacker()), 'reader');
  expect(attempt(() => group.removeMember(memberOf(bob)))).toBe('done');
});

it('[GROUP-3] the very date of the removal', async () => {
  const { alice, group } = await start();
  const friend = attacker();
  let mallory = attacker();
  while (idOf(mallory) > idOf(alice)) mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  sign(mallory, group, [idOf(friend), 'manager'], { atMs: Number(group.lastEditAt(idOf(mallory))?.at) });
  give(alice, mallory, group);
  expect(roleIn(group, friend)).toBe('none');
});

it('[GROUP-3] who was a manager and is a reader now adds a manager by a date before', async () => {
  const { alice, group } = await start();
  const [mallory, friend] = [attacker(), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  const atMs = await past();
  group.addMember(memberOf(mallory), 'reader');
  give(mallory, alice, group);
  sign(mallory, group, [idOf(friend), 'manager'], { atMs });
  give(alice, mallory, group);
  expect(roleIn(group, friend)).toBe('none');
});

it.each(['a reader of the parent', 'a removed manager of the parent', 'a revoked link of the parent'])(
  '[GROUP-5] %s makes a circle, so that the parent’s members lose the child',
  async (by) => {
    const { alice, group: parent } = await start();
    const [mallory, carol] = [attacker(), attacker()];
    parent.addMember(memberOf(carol), 'admin');
    const team = mallory.createGroup();
    give(alice, mallory, team);
    const link = holderOf(parent.createInvite('manager'));
    if (by.startsWith('a reader')) parent.extend(viewOf(alice, team), 'reader');
    else if (by.includes('manager of')) parent.addMember(memberOf(mallory), 'manager');
    const atMs = await past();
    const child = alice.createGroup();
    child.extend(parent);
    await nextMoment();
    if (by.includes('removed')) parent.removeMember(memberOf(mallory));
    if (by.includes('link')) parent.removeMember(memberOf(link));
    const node = by.includes('link') ? link : mallory;
    give(node, alice, team, parent, child);
    sign(node, parent, [`parent_${child.id}`, 'reader'], { atMs });
    give(alice, node, parent);
    await nextMoment();
    expect([roleIn(parent, carol), roleIn(child, carol)]).toEqual(['admin', 'admin']);
  },
);

it('[GROUP-2] a link for readers takes from a writeOnly member the right to write', async () => {
  const { alice, group } = await start();
  const bob = attacker();
  group.addMember(memberOf(bob), 'writeOnly');
  const link = holderOf(group.createInvite('reader'));
  give(link, alice, group);
  await nextMoment();
  sign(link, group, [idOf(bob), 'reader']);
  give(alice, link, group);
  expect(roleIn(group, bob)).toBe('writeOnly');
});

it('[GROUP-2] a manager maps a list as a parent; reading throws', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  give(mallory, alice, group);
  await nextMoment();
  const list = mallory.createCoValue({
    type: 'colist',
    ruleset: { type: 'group', initialAdmin: idOf(mallory) },
    meta: null,
    ...crypto.createdNowUnique(),
  });
  signRaw(mallory, group, [`parent_${list.id}`, 'reader']);
  const second = await kernelNodes.honest(secret);
  give(second, mallory, list, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it('[GROUP-6] honest: an old group without a sealer is extended by who is no member', async () => {
  const [alice, bob] = [await kernelNodes.honest(), await kernelNodes.honest()];
  const core = alice.createCoValue({
    type: 'comap',
    ruleset: { type: 'group', initialAdmin: idOf(alice) },
    meta: null,
    ...crypto.createdNowUnique(),
  });
  const group = core.getCurrentContent() as RawGroup;
  group.set(idOf(alice), 'admin', 'trusting');
  const key = crypto.newRandomKeySecret();
  group.set(`${key.id}_for_${idOf(alice)}`, seal(alice, group, key.secret, alice) as never, 'trusting');
  group.set('readKey', key.id, 'trusting');
  const again = await kernelNodes.honest(alice.agentSecret);
  give(again, alice, group);
  viewOf(again, group);
  await nextMoment();
  give(bob, again, group);
  const child = bob.createGroup();
  const extension = attempt(() => child.extend(viewOf(bob, group)));
  const map = child.createMap({ a: 1 });
  give(again, bob, child, map);
  expect([extension, viewOf(again, map).toJSON()]).toEqual(['done', { a: 1 }]);
});
