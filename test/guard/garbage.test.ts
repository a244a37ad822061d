import { expect, it } from 'vitest';
import { attempt, seal } from './attack.ts';
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
import { newDevice, open, past, signRaw, start, writeTo } from './steps.ts';

it('[GROUP-4] a removed manager’s garbage for the old key leaves the owner what they read', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  const key = String(group.get('readKey'));
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  give(mallory, alice, group);
  sign(mallory, group, [`${key}_for_${idOf(alice)}`, 'sealed_Uxyz'], { atMs });
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it('[GROUP-4] the garbage of whoever may write keeps the owner neither from reading nor from adding members', async () => {
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

it('[GROUP-4] the holder of a revoked link cannot replace the key of a member who joined by it', async () => {
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
  const second = await newDevice(bobSecret, [link, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['writer', { a: 1 }]);
});

it('[GROUP-4] a removed manager’s void revelation leaves a member who joined since what they read', async () => {
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
  const second = await newDevice(bobSecret, [mallory, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['writer', { a: 1, b: 2 }]);
});

it('[GROUP-4] a removed manager’s garbage for everyone hides no key of a group that was public once', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.addMember('everyone', 'reader');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  group.removeMember('everyone');
  await nextMoment();
  give(mallory, alice, group);
  const [tx] = map.core.verifiedTransactions.map((one) => one.tx);
  const key = tx?.privacy === 'private' ? tx.keyUsed : '';
  signRaw(mallory, group, [`${key}_for_everyone`, crypto.newRandomKeySecret().secret], undefined, atMs);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it('[GROUP-4] a removed manager’s garbage for everyone hides no key of a public group', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  group.addMember('everyone', 'reader');
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  await nextMoment();
  give(mallory, alice, group);
  signRaw(mallory, group, [`${String(group.get('readKey'))}_for_everyone`, 'x'], undefined, atMs);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect([open(second, group, map), writeTo(second, map)]).toEqual([['admin', { a: 1 }], 1]);
});

it('[GROUP-4] keys encrypted in a circle hide no old key from who joins later', async () => {
  const { alice, group, map } = await start();
  const [mallory, x, y] = [attacker(), attacker(), attacker()];
  const bob = await kernelNodes.honest();
  const k0 = String(group.get('readKey'));
  group.addMember(memberOf(mallory), 'manager');
  group.addMember(memberOf(x), 'reader');
  group.addMember(memberOf(y), 'reader');
  const t0 = await past();
  group.removeMember(memberOf(x));
  const k1 = String(group.get('readKey'));
  await nextMoment();
  group.removeMember(memberOf(y));
  const k2 = String(group.get('readKey'));
  const t2 = await past();
  group.removeMember(memberOf(mallory));
  await nextMoment();
  group.addMember(memberOf(bob), 'writer');
  give(mallory, alice, group);
  signRaw(mallory, group, [`${k0}_for_${k2}`, 'encrypted_Uxyz'], undefined, t0);
  signRaw(mallory, group, [`${k2}_for_${k1}`, 'encrypted_Uxyz'], undefined, t2);
  give(bob, mallory, group);
  give(bob, alice, map);
  expect(open(bob, group, map)).toEqual(['writer', { a: 1 }]);
});

it('[GROUP-4] a removed manager’s garbage hides nothing that a writeOnly member wrote', async () => {
  const { secret, alice, group, map } = await start();
  const [bob, mallory] = [await kernelNodes.honest(), attacker()];
  const invite = group.createInvite('writeOnly');
  group.addMember(memberOf(mallory), 'manager');
  await nextMoment();
  give(bob, alice, group, map);
  await bob.acceptInvite(group.id, invite);
  await nextMoment();
  viewOf(bob, map).set('answer', 'text');
  const key = String(viewOf(bob, group).get(`writeKeyFor_${idOf(bob)}`));
  give(alice, bob, group, map);
  const atMs = await past();
  group.removeMember(memberOf(mallory));
  await nextMoment();
  give(mallory, alice, group);
  signRaw(mallory, group, [`${key}_for_${idOf(alice)}`, 'sealed_Uxyz'], undefined, atMs);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  expect(open(second, group, map)).toEqual(['admin', { a: 1, answer: 'text' }]);
});
