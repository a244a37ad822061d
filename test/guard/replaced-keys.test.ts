import type { LocalNode, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attempt, seal } from './attack.ts';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';
import { signRaw, start } from './steps.ts';

// Replacing a group's key where keys are missing.

/** A group with its first admin, and neither a key nor a sealer. */
function keylessGroup(admin: LocalNode): RawGroup {
  const core = admin.createCoValue({
    type: 'comap',
    ruleset: { type: 'group', initialAdmin: idOf(admin) },
    meta: null,
    ...crypto.createdNowUnique(),
  });
  signRaw(admin, core, [idOf(admin), 'admin']);
  return core.getCurrentContent() as RawGroup;
}

/** Dave reads a group of Alice's below one without keys, and Mallory administers that one. */
async function startBelowKeyless() {
  const { alice, group, map } = await start();
  const [dave, mallory] = [attacker(), attacker()];
  group.addMember(memberOf(dave), 'reader');
  const keyless = keylessGroup(mallory);
  give(alice, mallory, keyless);
  await nextMoment();
  signRaw(alice, group, [`parent_${keyless.id}`, 'reader']);
  give(dave, alice, keyless, group, map);
  await nextMoment();
  return { alice, dave, mallory, group, map, keyless };
}

it('[GROUP-6] who is removed reads nothing later, although a group above has no key', async () => {
  const { alice, dave, group, map } = await startBelowKeyless();
  const added = attempt(() => group.addMember(memberOf(attacker()), 'writeOnly'));
  const removed = attempt(() => group.removeMember(memberOf(dave)));
  await nextMoment();
  map.set('plan', 'private text');
  give(dave, alice, group, map);
  expect([added, removed, viewOf(dave, map).get('plan')]).toEqual(['done', 'done', undefined]);
});

it('[GROUP-6] the members of another group above read on', async () => {
  const { alice, dave, group, map, keyless } = await startBelowKeyless();
  const erin = attacker();
  const team = alice.createGroup();
  team.addMember(memberOf(erin), 'reader');
  group.extend(team);
  await nextMoment();
  group.removeMember(memberOf(dave));
  await nextMoment();
  map.set('plan', 'text');
  give(erin, alice, keyless, team, group, map);
  expect(viewOf(erin, map).get('plan')).toBe('text');
});

it('[GROUP-6] who writes only by an invite can join and write', async () => {
  const { alice, group, map, keyless } = await startBelowKeyless();
  const erin = await kernelNodes.honest();
  const invite = group.createInvite('writeOnly');
  await nextMoment();
  give(erin, alice, keyless, group, map);
  await erin.acceptInvite(group.id, invite);
  viewOf(erin, map).set('b', 2);
  expect(viewOf(erin, map).get('b')).toBe(2);
});

it.each(['a key that nobody has', 'no new key'])(
  '[GROUP-6] the manager of a group above, which Alice reads, sets %s: who is removed reads nothing later',
  async (key) => {
    const { alice, group, map } = await start();
    const [dave, mallory] = [attacker(), attacker()];
    const team = mallory.createGroup();
    team.addMember(memberOf(alice), 'reader');
    give(alice, mallory, team);
    group.extend(viewOf(alice, team), 'reader');
    group.addMember(memberOf(dave), 'reader');
    group.addMember(memberOf(attacker()), 'writeOnly');
    give(dave, alice, team, group, map);
    await nextMoment();
    if (key === 'a key that nobody has') signRaw(mallory, team, ['readKey', crypto.newRandomKeySecret().id]);
    give(alice, mallory, team);
    await nextMoment();
    const removed = attempt(() => group.removeMember(memberOf(dave)));
    await nextMoment();
    map.set('plan', 'private text');
    give(dave, alice, team, group, map);
    expect([removed, viewOf(dave, map).get('plan')]).toEqual(['done', undefined]);
  },
);

it('[GROUP-6] the members of a group above, of which the remover is none, read on', async () => {
  const { alice, group, map } = await start();
  const [dave, erin] = [attacker(), await kernelNodes.honest()];
  const team = erin.createGroup();
  give(alice, erin, team);
  group.extend(viewOf(alice, team), 'reader');
  group.addMember(memberOf(dave), 'reader');
  await nextMoment();
  group.removeMember(memberOf(dave));
  await nextMoment();
  map.set('plan', 'text');
  give(erin, alice, group, map);
  expect(viewOf(erin, map).get('plan')).toBe('text');
});

/** Mallory, a manager, sets a key of her own, and reveals it to Bob, who writes with it; not to Alice. */
async function startWithLostKey() {
  const { alice, group, map } = await start();
  const [bob, mallory] = [await kernelNodes.honest(), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  group.addMember(memberOf(bob), 'writer');
  for (const node of [bob, mallory]) give(node, alice, group, map);
  await nextMoment();
  const own = crypto.newRandomKeySecret();
  for (const node of [bob, mallory])
    signRaw(mallory, group, [`${own.id}_for_${idOf(node)}`, seal(mallory, group, own.secret, node)]);
  signRaw(mallory, group, ['readKey', own.id]);
  for (const node of [alice, bob]) give(node, mallory, group);
  await nextMoment();
  viewOf(bob, map).set('lost', 'by bob');
  give(alice, bob, group, map);
  await nextMoment();
  return { alice, bob, mallory, group, map };
}

it('[GROUP-6] a manager who set a key that the owner lacks is removed, and reads nothing later', async () => {
  const { alice, bob, mallory, group, map } = await startWithLostKey();
  const removed = attempt(() => group.removeMember(memberOf(mallory)));
  await nextMoment();
  map.set('plan', 'private text');
  give(bob, alice, group, map);
  give(mallory, alice, group, map);
  expect([removed, viewOf(mallory, map).get('plan')]).toEqual(['done', undefined]);
  expect(viewOf(bob, map).toJSON()).toEqual({ a: 1, lost: 'by bob', plan: 'private text' });
});

it('[GROUP-6] who joins after a key was lost reads what was written before and after, and all once it is found', async () => {
  const { alice, bob, mallory, group, map } = await startWithLostKey();
  const [carol, dave] = [attacker(), attacker()];
  group.removeMember(memberOf(mallory));
  await nextMoment();
  map.set('plan', 'text');
  group.addMember(memberOf(bob), 'manager');
  group.addMember(memberOf(carol), 'reader');
  group.addMember(memberOf(dave), 'reader');
  give(carol, alice, group, map);
  expect(viewOf(carol, map).toJSON()).toEqual({ a: 1, plan: 'text' });
  give(bob, alice, group, map);
  await nextMoment();
  viewOf(bob, group).removeMember(memberOf(dave));
  give(carol, bob, group, map);
  give(alice, bob, group);
  const all = { a: 1, lost: 'by bob', plan: 'text' };
  expect([viewOf(carol, map).toJSON(), map.toJSON()]).toEqual([all, all]);
});

it('[GROUP-9] the owner can write, although a manager set a key that she lacks', async () => {
  const { alice, bob, group, map } = await startWithLostKey();
  map.set('plan', 'text');
  const added = attempt(() => group.addMember(memberOf(attacker()), 'reader'));
  give(bob, alice, group, map);
  const read = viewOf(bob, map).toJSON();
  expect([added, read]).toEqual(['done', { a: 1, lost: 'by bob', plan: 'text' }]);
});
