import { expect, it } from 'vitest';
import { attempt, readWith, seal } from './attack.ts';
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
import { open, past, start } from './steps.ts';

it.each(['a writeOnly member', 'a stranger where everyone may write'])(
  '[GROUP-4] %s claims another’s write key; the owner reads nothing of it',
  async (by) => {
    const { secret, alice, group, map } = await start();
    const [bob, mallory] = [await kernelNodes.honest(), attacker()];
    const invite = group.createInvite('writeOnly');
    if (by.startsWith('a stranger')) group.addMember('everyone', 'writeOnly');
    else group.addMember(memberOf(mallory), 'writeOnly');
    await nextMoment();
    give(bob, alice, group, map);
    if (!by.startsWith('a stranger')) await bob.acceptInvite(group.id, invite);
    await nextMoment();
    viewOf(bob, map).set('answer', 'text');
    give(mallory, bob, group);
    sign(mallory, group, [
      `writeKeyFor_${idOf(mallory)}`,
      String(viewOf(bob, group).get(`writeKeyFor_${idOf(bob)}`)),
    ]);
    const second = await kernelNodes.honest(secret);
    give(second, mallory, group);
    give(second, bob, map);
    expect(viewOf(second, map).get('answer')).toBe('text');
  },
);

it('[GROUP-4] who has the same writeOnly link reveals to Bob another secret for the key that Bob made', async () => {
  const { alice, group, map } = await start();
  const bobSecret = newSecret();
  const bob = await kernelNodes.honest(bobSecret);
  const [invite, draft] = [group.createInvite('writeOnly'), group.createMap()];
  await nextMoment();
  give(bob, alice, group, map, draft);
  await bob.acceptInvite(group.id, invite);
  await nextMoment();
  viewOf(bob, draft).set('first', 'text');
  await nextMoment();
  const link = holderOf(invite);
  give(link, bob, group);
  const own = crypto.newRandomKeySecret();
  const key = String(viewOf(bob, group).get(`writeKeyFor_${idOf(bob)}`));
  sign(link, group, [`${key}_for_${idOf(bob)}`, seal(link, group, own.secret, bob)]);
  const second = await kernelNodes.honest(bobSecret);
  give(second, link, group);
  give(second, alice, map);
  await nextMoment();
  viewOf(second, map).set('answer', 'private text');
  give(link, second, map);
  expect(readWith(own.secret, link, second, map)).toEqual([]);
});

it('[GROUP-4] once public: a removed manager reveals to everyone another secret for a write key made since', async () => {
  const { alice, group, map } = await start();
  const [bob, mallory] = [await kernelNodes.honest(), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.addMember('everyone', 'reader');
  const atMs = await past();
  group.removeMember('everyone');
  group.removeMember(memberOf(mallory));
  await nextMoment();
  group.addMember(memberOf(bob), 'writeOnly');
  give(mallory, alice, group);
  const own = crypto.newRandomKeySecret();
  sign(mallory, group, [`${String(group.get(`writeKeyFor_${idOf(bob)}`))}_for_everyone`, own.secret], {
    atMs,
  });
  give(bob, mallory, group);
  give(bob, alice, map);
  await nextMoment();
  viewOf(bob, map).set('plan', 'private text');
  give(mallory, bob, map);
  expect(readWith(own.secret, mallory, bob, map)).toEqual([]);
});

it('[GROUP-4] a removed manager reveals garbage for the old key to the owner; reading throws', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  const key = String(group.get('readKey'));
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  sign(mallory, group, [`${key}_for_${idOf(alice)}`, 'sealed_Uxyz'], { atMs });
  const second = await kernelNodes.honest(secret);
  give(second, mallory, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it('[GROUP-4] a writeOnly member (or a stranger where everyone may write) reveals garbage; reading and adding throw', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember('everyone', 'writeOnly');
  await nextMoment();
  give(mallory, alice, group, map);
  const own = crypto.newRandomKeySecret();
  sign(mallory, group, [`writeKeyFor_${idOf(mallory)}`, own.id]);
  sign(mallory, group, [`${own.id}_for_${idOf(mallory)}`, seal(mallory, group, own.secret, mallory)]);
  sign(mallory, group, [`${own.id}_for_${idOf(alice)}`, 'sealed_Uxyz']);
  viewOf(mallory, map).set('b', 2);
  const second = await kernelNodes.honest(secret);
  give(second, mallory, group, map);
  give(second, alice, map);
  expect([
    open(second, group, map),
    attempt(() => viewOf(second, group).addMember(memberOf(attacker()), 'reader')),
  ]).toEqual([['admin', { a: 1 }], 'done']);
});

it('[GROUP-4] who kept a revoked link garbles the key of who joined by it', async () => {
  const { alice, group, map } = await start();
  const bobSecret = newSecret();
  const bob = await kernelNodes.honest(bobSecret);
  const invite = group.createInvite('writer');
  const link = holderOf(invite);
  give(bob, alice, group, map);
  await nextMoment();
  await bob.acceptInvite(group.id, invite);
  give(alice, bob, group);
  const key = String(group.get('readKey'));
  const atMs = await past();
  group.removeMember(memberOf(link));
  give(link, alice, group);
  sign(link, group, [`${key}_for_${idOf(bob)}`, seal(link, group, crypto.newRandomKeySecret().secret, bob)], {
    atMs,
  });
  const second = await kernelNodes.honest(bobSecret);
  give(second, link, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['writer', { a: 1 }]);
});

it('[GROUP-4] a removed manager’s void revelation shuts out who joined by a link since', async () => {
  const { alice, group, map } = await start();
  const bobSecret = newSecret();
  const [bob, mallory] = [await kernelNodes.honest(bobSecret), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  map.set('b', 2);
  const invite = group.createInvite('writer');
  give(bob, alice, group, map);
  await nextMoment();
  await bob.acceptInvite(group.id, invite);
  give(mallory, bob, group);
  sign(mallory, group, [`${String(group.get('readKey'))}_for_${idOf(bob)}`, 'x'], { atMs });
  const second = await kernelNodes.honest(bobSecret);
  give(second, mallory, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['writer', { a: 1, b: 2 }]);
});

it.each(['by a link', 'as everyone may'])(
  '[GROUP-4] honest: two devices of one who writes only %s, offline',
  async (how) => {
    const { secret, alice, group, map } = await start();
    const bobSecret = newSecret();
    const [one, other] = [await kernelNodes.honest(bobSecret), await kernelNodes.honest(bobSecret)];
    const invite = group.createInvite('writeOnly');
    if (how !== 'by a link') group.addMember('everyone', 'writeOnly');
    await nextMoment();
    give(one, alice, group, map);
    if (how === 'by a link') await one.acceptInvite(group.id, invite);
    give(other, one, group, map);
    await nextMoment();
    viewOf(one, map).set('one', 'text');
    await nextMoment();
    viewOf(other, map).set('other', 'text');
    const second = await kernelNodes.honest(secret);
    give(second, alice, group, map);
    for (const node of [one, other]) give(second, node, group, map);
    expect(viewOf(second, map).toJSON()).toEqual({ a: 1, one: 'text', other: 'text' });
  },
);

it('[GROUP-4] honest: who writes only makes a key for every edit, once the manager who replaced the keys has left', async () => {
  const { alice, group, map } = await start();
  const [bob, mia] = [await kernelNodes.honest(), await kernelNodes.honest()];
  group.addMember(memberOf(mia), 'manager');
  const invite = group.createInvite('writeOnly');
  await nextMoment();
  give(bob, alice, group, map);
  await bob.acceptInvite(group.id, invite);
  await nextMoment();
  viewOf(bob, map).set('first', 'text');
  give(mia, bob, group, map);
  await nextMoment();
  viewOf(mia, group).removeMember(memberOf(mia));
  give(bob, mia, group);
  const count = () =>
    Object.values(bob.getCoValue(group.id).knownState().sessions).reduce((sum, n) => sum + n, 0);
  await nextMoment();
  viewOf(bob, map).set('n', 1);
  const before = count();
  for (let n = 2; n < 6; n++) {
    await nextMoment();
    viewOf(bob, map).set('n', n);
  }
  expect(count() - before).toBe(0);
});
