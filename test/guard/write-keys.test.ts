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
import { newDevice, past, start } from './steps.ts';

it.each(['a writeOnly member', 'a stranger where everyone may write'])(
  '[GROUP-4] the owner reads what a member wrote with a key that %s claims, too',
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
    const second = await newDevice(secret, [mallory, group], [bob, map]);
    expect(viewOf(second, map).get('answer')).toBe('text');
  },
);

it('[GROUP-4] the holder of the same link cannot replace the secret of a member’s own key', async () => {
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
  const second = await newDevice(bobSecret, [link, group], [alice, map]);
  await nextMoment();
  viewOf(second, map).set('answer', 'private text');
  give(link, second, map);
  expect(readWith(own.secret, link, second, map)).toEqual([]);
});

it('[GROUP-4] a removed manager cannot reveal a write key that was made since, in a group that was public once', async () => {
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

it.each(['by a link', 'as everyone may'])(
  '[GROUP-4] the owner reads what two devices of one member, who writes only %s, wrote offline',
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

it('[GROUP-4] a member makes one new key, not one for each edit, once the manager who replaced the keys has left', async () => {
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

it('[GROUP-4] a removed manager chooses no secret for whoever writes because everyone may', async () => {
  const { alice, group, map } = await start();
  const bobSecret = newSecret();
  const bob = await kernelNodes.honest(bobSecret);
  const mallory = attacker();
  group.addMember('everyone', 'writeOnly');
  await nextMoment();
  give(bob, alice, group, map);
  viewOf(bob, map).set('first', 'text');
  give(alice, bob, group);
  const key = String(viewOf(bob, group).get(`writeKeyFor_${idOf(bob)}`));
  await nextMoment();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.addMember('everyone', 'reader');
  const atMs = await past();
  group.addMember('everyone', 'writeOnly');
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  const own = crypto.newRandomKeySecret();
  sign(mallory, group, [`${key}_for_everyone`, own.secret], { atMs });
  const second = await newDevice(bobSecret, [mallory, group], [alice, map]);
  await nextMoment();
  viewOf(second, map).set('plan', 'private text');
  give(mallory, second, map);
  expect(readWith(own.secret, mallory, second, map)).toEqual([]);
});

it('[GROUP-4] a removed reader reads no longer what others write because everyone may', async () => {
  const { alice, group, map } = await start();
  const bob = await kernelNodes.honest();
  const carol = attacker();
  group.addMember('everyone', 'writeOnly');
  group.addMember(memberOf(carol), 'reader');
  await nextMoment();
  give(bob, alice, group, map);
  viewOf(bob, map).set('first', 'text');
  give(alice, bob, group, map);
  give(carol, bob, group, map);
  const key = viewOf(carol, group).getReadKey(viewOf(bob, group).get(`writeKeyFor_${idOf(bob)}`) as never);
  if (!key) throw new Error('Carol has no key of what Bob writes.');
  await nextMoment();
  group.removeMember(memberOf(carol));
  await nextMoment();
  give(bob, alice, group, map);
  viewOf(bob, map).set('plan', 'private text');
  give(carol, bob, map);
  expect(readWith(key, carol, bob, map)).not.toContain('private text');
});

it('[GROUP-4] a writeOnly link of the parent gets no key of a child at its next rotation', async () => {
  const { alice: olga, group: parent } = await start();
  const invite = parent.createInvite('writeOnly');
  const link = holderOf(invite);
  const alice = await kernelNodes.honest();
  give(alice, olga, parent);
  const child = alice.createGroup();
  child.extend(viewOf(alice, parent));
  const bob = attacker();
  child.addMember(memberOf(bob), 'reader');
  const map = child.createMap({ a: 1 });
  await nextMoment();
  give(link, olga, parent);
  const own = crypto.newRandomKeySecret();
  sign(link, parent, [idOf(alice), 'writeOnly']);
  sign(link, parent, [`writeKeyFor_${idOf(alice)}`, own.id]);
  sign(link, parent, [`${own.id}_for_${idOf(alice)}`, seal(link, parent, own.secret, alice)]);
  give(olga, link, parent);
  await nextMoment();
  parent.removeMember(memberOf(alice)); // does not know her
  give(alice, olga, parent);
  await nextMoment();
  const mine = viewOf(alice, child);
  mine.removeMember(memberOf(bob));
  await nextMoment();
  map.set('plan', 'private text');
  const rk = String(mine.get('readKey'));
  const encrypted = mine.get(`${rk}_for_${own.id}` as never) as never;
  const secret =
    encrypted &&
    attempt(() =>
      crypto.decryptKeySecret({ encryptedID: rk as never, encryptingID: own.id, encrypted }, own.secret),
    );
  expect(secret).toBe(undefined);
});

it('[GROUP-4] a removed manager of the parent gets no key of a child at its next rotation', async () => {
  const { alice: olga, group: parent } = await start();
  const mallory = attacker();
  parent.addMember(memberOf(mallory), 'manager');
  const alice = await kernelNodes.honest();
  give(alice, olga, parent);
  const child = alice.createGroup();
  child.extend(viewOf(alice, parent), 'reader');
  const bob = attacker();
  child.addMember(memberOf(bob), 'reader');
  const atMs = await past();
  parent.removeMember(memberOf(mallory));
  await nextMoment();
  give(mallory, olga, parent);
  const own = crypto.newRandomKeySecret();
  sign(mallory, parent, [`writeKeyFor_${idOf(alice)}`, own.id], { atMs });
  sign(mallory, parent, [`${own.id}_for_${idOf(alice)}`, seal(mallory, parent, own.secret, alice)], { atMs });
  give(alice, mallory, parent);
  await nextMoment();
  const mine = viewOf(alice, child);
  mine.removeMember(memberOf(bob));
  const rk = String(mine.get('readKey'));
  const encrypted = mine.get(`${rk}_for_${own.id}` as never) as never;
  const secret =
    encrypted &&
    attempt(() =>
      crypto.decryptKeySecret({ encryptedID: rk as never, encryptingID: own.id, encrypted }, own.secret),
    );
  expect([secret === mine.getReadKey(rk as never), secret]).toEqual([false, undefined]);
});
