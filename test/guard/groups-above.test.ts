import { expect, it, vi } from 'vitest';
import { attacker, give, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';
import { newDevice, signRaw, start as startGroup } from './steps.ts';

/** Carol reads a top group; a middle group extends it, and a bottom group the middle one. */
async function start() {
  const secret = newSecret();
  const [alice, carol] = [await kernelNodes.honest(secret), attacker()];
  const top = alice.createGroup();
  top.addMember(memberOf(carol), 'reader');
  const middle = alice.createGroup();
  middle.extend(top);
  const bottom = alice.createGroup();
  bottom.extend(middle);
  const [inMiddle, inBottom] = [middle.createMap({ a: 1 }), bottom.createMap({ a: 1 })];
  give(carol, alice, top, middle, bottom, inMiddle, inBottom);
  expect(viewOf(carol, inBottom).get('a')).toBe(1);
  await nextMoment();
  return { secret, alice, carol, top, middle, bottom, inMiddle, inBottom };
}

it('[GROUP-9] who leaves a group above reads nothing that an admin writes later in a group below', async () => {
  const { alice, carol, top, middle, inMiddle } = await start();
  viewOf(carol, top).removeMember(memberOf(carol));
  give(alice, carol, top);
  await nextMoment();
  inMiddle.set('words', 'private');
  give(carol, alice, top, middle, inMiddle);
  expect(viewOf(carol, inMiddle).get('words')).toBeUndefined();
});

it('[GROUP-9] who is removed two groups above while those below are closed reads nothing that an admin writes later', async () => {
  const { secret, alice, carol, top, middle, bottom, inBottom } = await start();
  const phone = await newDevice(secret, [alice, top]);
  viewOf(phone, top).removeMember(memberOf(carol));
  give(alice, phone, top);
  await nextMoment();
  inBottom.set('words', 'private');
  give(carol, alice, top, middle, bottom, inBottom);
  expect(viewOf(carol, inBottom).get('words')).toBeUndefined();
});

it.each(['a group above that is not hers', 'a manager who names a group that does not exist'])(
  '[GROUP-9] who leaves reads nothing that an admin writes later, despite %s',
  async (obstacle) => {
    const { alice, group, map } = await startGroup();
    const [carol, mallory, erin] = [attacker(), attacker(), attacker()];
    const team = erin.createGroup();
    give(alice, erin, team);
    if (obstacle.startsWith('a group')) group.extend(viewOf(alice, team), 'reader');
    group.addMember(memberOf(carol), 'reader');
    group.addMember(memberOf(mallory), 'manager');
    for (const node of [carol, mallory]) give(node, alice, team, group, map);
    await nextMoment();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    if (obstacle.startsWith('a manager')) signRaw(mallory, group, ['parent_co_zNowhere', 'reader']);
    give(alice, mallory, group);
    await vi.advanceTimersByTimeAsync(11_000);
    vi.useRealTimers();
    viewOf(carol, group).removeMember(memberOf(carol));
    give(alice, carol, group);
    await nextMoment();
    map.set('words', 'private');
    give(carol, alice, group, map);
    give(erin, alice, group, map);
    const isAbove = obstacle.startsWith('a group');
    expect(viewOf(carol, map).get('words')).toBeUndefined();
    expect(isAbove ? viewOf(erin, map).get('words') : 'private').toBe('private');
  },
);

it('[GROUP-9] who is removed from a group above reads nothing that an admin of the group below writes later, although a stranger names a member who does not arrive', async () => {
  const [alice, bob, carol] = [await kernelNodes.honest(), await kernelNodes.honest(), attacker()];
  const mallory = attacker();
  const top = bob.createGroup();
  top.addMember(memberOf(carol), 'reader');
  top.addMember(memberOf(alice), 'reader');
  give(alice, bob, top);
  const group = alice.createGroup();
  group.extend(viewOf(alice, top));
  const map = group.createMap({ a: 1 });
  give(carol, alice, top, group, map);
  expect(viewOf(carol, map).get('a')).toBe(1);
  give(mallory, alice, top, group);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  signRaw(mallory, group, ['co_zNobodyHasThisMember', 'reader']);
  give(alice, mallory, group);
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await nextMoment();
  top.removeMember(memberOf(carol));
  give(alice, bob, top);
  await nextMoment();
  map.set('words', 'private');
  give(carol, alice, top, group, map);
  expect(viewOf(carol, map).get('words')).toBeUndefined();
});
