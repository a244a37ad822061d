import { expect, it } from 'vitest';
import { attacker, give, memberOf, nextMoment, viewOf } from './nodes.ts';
import { newDevice, signPrivately, start } from './steps.ts';

it('[READ-2] [CONF-11] a later edit of who becomes a reader ends although it also names a branch', async () => {
  const { secret, alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'writer');
  give(mallory, alice, group, map);
  const laterMs = Date.now() + 60 * 60 * 1000;
  const pointer = { branch: 'draft', ownerId: group.id };
  signPrivately(mallory, map, [{ op: 'set', key: 'b', value: 2 }], pointer, laterMs);
  give(alice, mallory, map);
  expect(map.toJSON()).toEqual({ a: 1, b: 2 });
  await nextMoment();
  group.addMember(memberOf(mallory), 'reader');
  await nextMoment();
  const second = await newDevice(secret, [alice, group], [alice, map]);
  expect([map.toJSON(), viewOf(second, map).toJSON()]).toEqual([{ a: 1 }, { a: 1 }]);
});
