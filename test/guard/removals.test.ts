import { expect, it } from 'vitest';
import type { RawGroup } from 'cojson';
import { attempt, readWith, roleIn, seal } from './attack.ts';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, nextMoment, sign, viewOf } from './nodes.ts';
import { newDevice, readKeyOf, signRaw, start } from './steps.ts';

it('[GROUP-6] a removal reaches a child group that a stranger has named in its parent', async () => {
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

it('[GROUP-6] a removal reaches a map that a stranger has named in its group', async () => {
  const { secret, alice, group, map } = await start();
  const [bob, stranger] = [attacker(), attacker()];
  group.addMember(memberOf(bob), 'writer');
  give(bob, alice, group, map);
  give(stranger, alice, group);
  signRaw(stranger, group, [map.id, 'reader']);
  const second = await newDevice(secret, [stranger, group], [alice, map]);
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

it('[GROUP-6] a group from before sealers gets one, so that others can extend it', async () => {
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

it.each(['costream', 'colist', 'coplaintext'])(
  '[GROUP-6] a %s of a stranger that extends the group stops no removal',
  async (type) => {
    const { alice, group } = await start();
    const [bob, stranger] = [attacker(), attacker()];
    group.addMember(memberOf(bob), 'writer');
    const key = readKeyOf(group);
    await nextMoment();
    give(stranger, alice, group);
    const odd = stranger.createCoValue({
      type: type as never,
      ruleset: { type: 'group', initialAdmin: idOf(stranger) },
      meta: null,
      ...crypto.createdNowUnique(),
    });
    signRaw(stranger, odd, [`parent_${group.id}`, 'reader']);
    give(alice, stranger, odd);
    await nextMoment();
    const res = attempt(() => group.removeMember(memberOf(bob)));
    expect([res, roleIn(group, bob), readKeyOf(group) === key]).toEqual(['done', 'none', false]);
  },
);
