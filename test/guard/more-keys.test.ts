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
import { open, past, signRaw, start } from './steps.ts';

it('[GROUP-4] a removed manager’s garbage for everyone hides no key that was public once', async () => {
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
  const second = await kernelNodes.honest(secret);
  give(second, mallory, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['admin', { a: 1 }]);
});

it('[GROUP-4] nor one that is public still', async () => {
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
  const second = await kernelNodes.honest(secret);
  give(second, mallory, group);
  give(second, alice, map);
  expect([
    open(second, group, map),
    attempt(() => {
      viewOf(second, map).set('c', 1);
      return viewOf(second, map).get('c');
    }),
  ]).toEqual([['admin', { a: 1 }], 1]);
});

it('[GROUP-4] a removed manager chooses no secret for who writes because everyone may', async () => {
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
  const second = await kernelNodes.honest(bobSecret);
  give(second, mallory, group);
  give(second, alice, map);
  await nextMoment();
  viewOf(second, map).set('plan', 'private text');
  give(mallory, second, map);
  expect(readWith(own.secret, mallory, second, map)).toEqual([]);
});

it('[GROUP-4] a removed reader does not read on what somebody writes because everyone may', async () => {
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
  const second = await kernelNodes.honest(secret);
  give(second, mallory, group);
  give(second, alice, map);
  expect(open(second, group, map)).toEqual(['admin', { a: 1, answer: 'text' }]);
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
