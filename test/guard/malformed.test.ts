import { expect, it } from 'vitest';
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
import { newDevice, open, past, readKeyOf, signRaw, start } from './steps.ts';

it('[GROUP-1] a group stays readable with a stranger’s very long name', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  give(mallory, alice, group);
  signRaw(mallory, group, [`sealer_z${'z'.repeat(4097)}/signer_zx`, 'reader']);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it.each(['half an agent', 'no agent', 'a list'])(
  '[GROUP-1] a removal replaces the key although a link has added an account that has %s',
  async (form) => {
    const { alice, group, map } = await start();
    const bob = attacker();
    group.addMember(memberOf(bob), 'writer');
    give(bob, alice, group, map);
    const link = holderOf(group.createInvite('reader'));
    give(link, alice, group);
    await nextMoment();
    const initialAdmin =
      form === 'half an agent' ? 'sealer_zx/signer_zx' : form === 'no agent' ? 'co_zabc' : idOf(link);
    const odd = link.createCoValue({
      type: form === 'a list' ? 'colist' : 'comap',
      ruleset: { type: 'group', initialAdmin: initialAdmin as never },
      meta: { type: 'account' },
      ...crypto.createdNowUnique(),
    });
    signRaw(link, group, [odd.id, 'reader']);
    give(alice, link, odd, group);
    const key = readKeyOf(group);
    const removal = attempt(() => group.removeMember(memberOf(bob)));
    map.set('plan', 'private text');
    give(bob, alice, map);
    expect([removal, (readWith(key, bob, alice, map) as unknown[]).includes('private text')]).toEqual([
      'done',
      false,
    ]);
  },
);

it('[GROUP-1] a removed manager sets no read key by a date that is no number', async () => {
  const { alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  const own = crypto.newRandomKeySecret();
  sign(mallory, group, [`${own.id}_for_${idOf(alice)}`, seal(mallory, group, own.secret, alice)], { atMs });
  signRaw(mallory, group, ['readKey', own.id], { mi: 0, t: 'x' }, atMs);
  give(alice, mallory, group);
  await nextMoment();
  map.set('plan', 'private text');
  give(mallory, alice, map);
  expect(readWith(own.secret, mallory, alice, map)).toEqual([]);
});

it('[GROUP-1] the holder of the same link chooses no key in the member’s name', async () => {
  const { alice, group, map } = await start();
  const bob = await kernelNodes.honest();
  const invite = group.createInvite('writeOnly');
  await nextMoment();
  const link = holderOf(invite);
  give(bob, alice, group, map);
  give(link, alice, group);
  const own = crypto.newRandomKeySecret();
  sign(link, group, [idOf(bob), 'writeOnly']);
  sign(link, group, [`writeKeyFor_${idOf(bob)}`, own.id], { meta: { mi: 0, s: bob.currentSessionID } });
  sign(link, group, [`${own.id}_for_${idOf(bob)}`, seal(link, group, own.secret, bob)]);
  give(bob, link, group);
  await nextMoment();
  await bob.acceptInvite(group.id, invite);
  viewOf(bob, map).set('answer', 'private text');
  give(link, bob, map);
  expect(readWith(own.secret, link, bob, map)).toEqual([]);
});

it('[GROUP-1] a manager adds nobody whom no list of members shows', async () => {
  const { alice, group } = await start();
  const [mallory, hidden] = [attacker(), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  give(mallory, alice, group);
  await nextMoment();
  signRaw(mallory, group, [idOf(hidden), 'manager'], { mi: 0, t: -1e13 });
  give(alice, mallory, group);
  for (const member of group.getMemberKeys()) if (member !== idOf(alice)) group.removeMember(member as never);
  await nextMoment();
  give(hidden, alice, group);
  sign(hidden, group, [idOf(mallory), 'manager']);
  give(alice, hidden, group);
  expect(roleIn(group, mallory)).toBe('none');
});

it('[GROUP-1] open and fresh devices agree on a date that is no number', async () => {
  const { secret, alice, group } = await start();
  const mallory = attacker();
  const link = holderOf(group.createInvite('writer'));
  group.addMember(memberOf(mallory), 'reader');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  give(link, alice, group);
  signRaw(link, group, [idOf(mallory), 'writer'], { mi: 0, t: 'x' }, atMs);
  give(alice, link, group);
  const second = await kernelNodes.honest(secret);
  give(second, alice, group);
  expect(roleIn(group, mallory)).toBe(roleIn(viewOf(second, group), mallory));
});

it.each(['a text', { mi: 0, s: 5 }])(
  '[GROUP-1] reading does not throw if a member signs the meta %j',
  async (meta) => {
    const { secret, alice, group, map } = await start();
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writeOnly');
    give(mallory, alice, group, map);
    await nextMoment();
    const own = String(viewOf(mallory, group).get(`writeKeyFor_${idOf(mallory)}`));
    const fresh = crypto.newRandomKeySecret();
    sign(mallory, group, [`writeKeyFor_${idOf(mallory)}`, fresh.id]);
    sign(mallory, group, [`${fresh.id}_for_${idOf(mallory)}`, seal(mallory, group, fresh.secret, mallory)]);
    void own;
    signRaw(mallory, group, [`${fresh.id}_for_${idOf(alice)}`, 'sealed_Uxyz'], meta);
    mallory.getCoValue(map.id).makeTransaction([{ op: 'set', key: 'b', value: 2 }], 'private');
    const second = await newDevice(secret, [mallory, group], [alice, map]);
    give(second, mallory, map);
    expect(open(second, group, map)).toEqual(['admin', expect.objectContaining({ a: 1 })]);
  },
);
