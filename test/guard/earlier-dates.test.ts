import { expect, it } from 'vitest';
import { readWith, roleIn, seal } from './attack.ts';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, nextMoment, sign, viewOf } from './nodes.ts';
import { newDevice, open, past, signRaw, start, writeTo } from './steps.ts';

it('[GROUP-3] a removed manager adds nobody at the very date of the removal', async () => {
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

it('[GROUP-3] a manager who was made a reader adds nobody by an earlier date', async () => {
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

it('[GROUP-3] a second admin voids nothing of the first by heads on a role of admin', async () => {
  const { alice, group, map } = await start();
  const [mallory, bob] = [attacker(), attacker()];
  group.addMember(memberOf(mallory), 'admin');
  group.addMember(memberOf(bob), 'writer');
  await nextMoment();
  give(mallory, alice, group);
  signRaw(mallory, group, [idOf(alice), 'admin'], { heads: {} });
  give(alice, mallory, group);
  expect([roleIn(group, alice), roleIn(group, bob), map.toJSON()]).toEqual(['admin', 'writer', { a: 1 }]);
});

it('[GROUP-3] a second admin does not void the first one’s removals by heads on a role of admin', async () => {
  const { alice, group } = await start();
  const [mallory, bob] = [attacker(), attacker()];
  group.addMember(memberOf(mallory), 'admin');
  group.addMember(memberOf(bob), 'manager');
  await nextMoment();
  const seen = group.core.knownState().sessions[alice.currentSessionID];
  group.removeMember(memberOf(bob));
  await nextMoment();
  give(mallory, alice, group);
  signRaw(mallory, group, [idOf(alice), 'admin'], { heads: { [alice.currentSessionID]: seen } });
  give(alice, mallory, group);
  expect(roleIn(group, bob)).toEqual('none');
});

it('[GROUP-3] a manager who is made an admin keeps what they did offline', async () => {
  const { alice, group } = await start();
  const [mia, carol] = [await kernelNodes.honest(), attacker()];
  group.addMember(memberOf(mia), 'manager');
  await nextMoment();
  give(mia, alice, group);
  viewOf(mia, group).addMember(memberOf(carol), 'writer');
  await nextMoment();
  group.addMember(memberOf(mia), 'admin');
  give(alice, mia, group);
  expect([roleIn(group, mia), roleIn(group, carol)]).toEqual(['admin', 'writer']);
});

it.each([
  'removed from the parent, reader in the child',
  'demoted in the parent',
  'parent revoked',
  'removed, plain',
])('[GROUP-3] a manager of the parent adds nobody to the child by an earlier date: %s', async (how) => {
  const { alice, group: parent } = await start();
  const [mallory, friend] = [attacker(), attacker()];
  parent.addMember(memberOf(mallory), 'manager');
  const child = alice.createGroup();
  child.extend(parent);
  if (how.includes('reader in')) child.addMember(memberOf(mallory), 'reader');
  const atMs = await past();
  if (how.startsWith('removed')) parent.removeMember(memberOf(mallory));
  else if (how.startsWith('demoted')) parent.addMember(memberOf(mallory), 'reader');
  else child.revokeExtend(parent);
  await nextMoment();
  give(mallory, alice, parent, child);
  signRaw(mallory, child, [idOf(friend), 'manager'], undefined, atMs);
  give(alice, mallory, child);
  expect(roleIn(child, friend)).toBe('none');
});

it('[GROUP-3] a removed manager sets no key of a public group by an earlier date', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.addMember('everyone', 'reader');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  signRaw(mallory, group, ['readKey', crypto.newRandomKeySecret().id], undefined, atMs);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect([open(second, group, map), writeTo(second, map)]).toEqual([['admin', { a: 1 }], 1]);
});

it.each(['the group', 'a child'])(
  '[GROUP-3] a manager lowered to writeOnly does not choose the read key of %s by that date',
  async (where) => {
    const { alice, group: top } = await start();
    const child = alice.createGroup();
    child.extend(top);
    const group = where === 'a child' ? child : top;
    const map = group.createMap({ a: 1 });
    let mallory = attacker();
    while (idOf(mallory) > idOf(alice)) mallory = attacker();
    top.addMember(memberOf(mallory), 'manager');
    await nextMoment();
    top.addMember(memberOf(mallory), 'writeOnly');
    const atMs = Number(top.lastEditAt(idOf(mallory))?.at);
    await nextMoment();
    give(mallory, alice, top, child);
    const own = crypto.newRandomKeySecret();
    sign(mallory, group, [`${own.id}_for_${idOf(alice)}`, seal(mallory, group, own.secret, alice)], { atMs });
    signRaw(mallory, group, ['readKey', own.id], undefined, atMs);
    give(alice, mallory, group);
    await nextMoment();
    map.set('plan', 'private text');
    give(mallory, alice, map);
    expect(readWith(own.secret, mallory, alice, map)).toEqual([]);
  },
);

it('[GROUP-3] a removed manager of the parent puts no group over the child by an earlier date', async () => {
  const { alice, group: top } = await start();
  const mallory = attacker();
  const low = alice.createGroup();
  low.extend(top);
  top.addMember(memberOf(mallory), 'manager');
  const team = mallory.createGroup();
  const atMs = await past();
  top.removeMember(memberOf(mallory));
  await nextMoment();
  give(mallory, alice, top, low);
  give(alice, mallory, team);
  signRaw(mallory, low, [`parent_${team.id}`, 'writer'], undefined, atMs);
  give(alice, mallory, low);
  expect(roleIn(low, mallory)).toBe('none');
});
