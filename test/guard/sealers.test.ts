import type { RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attempt } from './attack.ts';
import { attacker, give, kernelNodes, memberOf, nextMoment, sign, viewOf } from './nodes.ts';

it('[GROUP-6] the manager of a group above names a sealer that is none: the key below is still replaced', async () => {
  const [alice, dave, erin, mallory] = [
    await kernelNodes.honest(),
    attacker(),
    await kernelNodes.honest(),
    attacker(),
  ];
  const parent = mallory.createGroup();
  const group = alice.createGroup();
  give(alice, mallory, parent);
  group.extend(viewOf<RawGroup>(alice, parent), 'reader');
  group.addMember(memberOf(dave), 'reader');
  group.addMember(memberOf(erin), 'writeOnly');
  const map = group.createMap({ a: 1 });
  give(dave, alice, parent, group, map);
  give(erin, alice, parent, group, map);
  await nextMoment();
  const key = parent.get('readKey') ?? '';
  sign(mallory, parent, ['groupSealer', `${key}@sealer_zX`]);
  give(alice, mallory, parent);
  give(erin, mallory, parent);
  await nextMoment();
  const before = group.get('readKey');
  const removal = attempt(() => {
    group.removeMember(memberOf(dave));
    return 'removed';
  });
  expect([removal, group.get('readKey') === before]).toEqual(['removed', false]);
});

it('[GROUP-4] the manager of a group above names a sealer that is none: a writeOnly member still writes', async () => {
  const [alice, erin, mallory] = [await kernelNodes.honest(), await kernelNodes.honest(), attacker()];
  const parent = mallory.createGroup();
  const group = alice.createGroup();
  give(alice, mallory, parent);
  group.extend(viewOf<RawGroup>(alice, parent), 'reader');
  group.addMember(memberOf(erin), 'writeOnly');
  const map = group.createMap({ a: 1 });
  give(erin, alice, parent, group, map);
  await nextMoment();
  const key = parent.get('readKey') ?? '';
  sign(mallory, parent, ['groupSealer', `${key}@sealer_zX`]);
  give(erin, mallory, parent);
  await nextMoment();
  viewOf(erin, map).set('b', 2);
  expect(viewOf(erin, map).get('b')).toBe(2);
});
