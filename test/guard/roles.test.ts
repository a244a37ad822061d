import { expect, it } from 'vitest';
import { attempt, roleIn } from './attack.ts';
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
import { open, past, signRaw, start } from './steps.ts';

it('[GROUP-2] a map gets no role, also when it is not in memory', async () => {
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

it.each(['a reader of the parent', 'a removed manager of the parent', 'a revoked link of the parent'])(
  '[GROUP-5] the parent’s members keep the child, although %s makes a circle',
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

it('[GROUP-2] a link for readers leaves a writeOnly member the right to write', async () => {
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

it('[GROUP-2] a list that a manager maps as a parent gives nothing, and the group stays readable', async () => {
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
