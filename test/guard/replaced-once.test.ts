import { expect, it } from 'vitest';
import {
  attacker,
  crypto,
  give,
  holderOf,
  kernelNodes,
  memberOf,
  nextMoment,
  sign,
  viewOf,
} from './nodes.ts';
import { past, signRaw, writeTo } from './steps.ts';

it('[GROUP-3] whoever has a revoked link makes no admin replace the key at each edit', async () => {
  const alice = await kernelNodes.honest();
  const group = alice.createGroup();
  const invite = group.createInvite('reader');
  const holder = holderOf(invite);
  const carol = attacker();
  const map = group.createMap({ a: 1 });
  give(holder, alice, group);
  await nextMoment();
  sign(holder, group, [memberOf(carol) as string, 'reader']);
  give(alice, holder, group);
  const earlierMs = await past();
  group.removeMember(memberOf(holder));
  group.removeMember(memberOf(carol));
  const counts: number[] = [];
  for (let i = 0; i < 5; i++) {
    await nextMoment();
    const field = `${group.get('readKey') ?? ''}_for_${memberOf(carol) as string}`;
    give(holder, alice, group);
    signRaw(holder, group, [field, 'x'], undefined, earlierMs);
    give(alice, holder, group);
    map.set('b', i);
    counts.push([...group.editsAt('readKey')].length);
  }
  expect(counts).toEqual([3, 3, 3, 3, 3]);
});

it('[GROUP-9] a manager names an old key for tomorrow: another manager does not replace the key at each edit', async () => {
  const [alice, nina, mallory, carol] = [
    await kernelNodes.honest(),
    await kernelNodes.honest(),
    attacker(),
    attacker(),
  ];
  const group = alice.createGroup();
  group.addMember(memberOf(nina), 'manager');
  group.addMember(memberOf(mallory), 'manager');
  group.addMember(memberOf(carol), 'reader');
  const map = group.createMap({ a: 1 });
  const old = group.get('readKey') ?? '';
  await nextMoment();
  group.removeMember(memberOf(carol));
  for (const node of [nina, mallory]) give(node, alice, group, map);
  await nextMoment();
  sign(mallory, group, ['readKey', old], { atMs: Date.now() + 23 * 3_600_000 });
  give(nina, mallory, group);
  await nextMoment();
  const own = viewOf(nina, group);
  const counts: number[] = [];
  for (let i = 0; i < 4; i++) {
    await nextMoment();
    viewOf(nina, map).set('b', i);
    counts.push(own.core.verifiedTransactions.length);
  }
  expect(counts[3]).toBe(counts[1]);
});

it('[GROUP-9] a manager replaces a key that another one has dated too far ahead only once', async () => {
  const alice = await kernelNodes.honest();
  const group = alice.createGroup();
  const map = group.createMap({ a: 1 });
  const [mallory, harry] = [attacker(), await kernelNodes.honest()];
  for (const node of [mallory, harry]) group.addMember(memberOf(node), 'manager');
  for (const node of [mallory, harry]) give(node, alice, group, map);
  await nextMoment();
  const aheadMs = Date.now() + 22 * 3_600_000;
  signRaw(mallory, group, ['readKey', crypto.newRandomKeySecret().id], undefined, aheadMs);
  give(harry, mallory, group);
  const counts = [1, 2, 3].map(() => {
    writeTo(harry, map);
    return viewOf(harry, group).core.verifiedTransactions.length;
  });
  expect(new Set(counts).size).toBe(1);
});
