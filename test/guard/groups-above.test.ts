import { expect, it } from 'vitest';
import { attacker, give, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';
import { newDevice } from './steps.ts';

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
