import type { RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attempt, roleIn } from './attack.ts';
import { attacker, give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';
import { start as startGroup } from './steps.ts';

/** A group of Alice's extends one of Erin's, in which Alice has no role. */
async function start(role: 'reader' | 'inherit') {
  const { alice, group, map } = await startGroup();
  const erin = attacker();
  const team = erin.createGroup();
  give(alice, erin, team);
  group.extend(viewOf(alice, team), role);
  give(erin, alice, group, map);
  expect(viewOf(erin, map).get('a')).toBe(1);
  await nextMoment();
  return { alice, erin, team, group, map };
}

it('[GROUP-6] an admin ends a parent in which they have no role: its members read nothing later', async () => {
  const { alice, erin, team, group, map } = await start('reader');
  const ended = attempt(() => {
    group.revokeExtend(viewOf(alice, team));
  });
  await nextMoment();
  map.set('plan', 'private text');
  give(erin, alice, group, map);
  expect([ended, roleIn(group, erin), viewOf(erin, map).get('plan')]).toEqual(['done', 'none', undefined]);
});

it.each([
  ['manager', 'reader', 'done', 'none'],
  ['manager', 'inherit', expect.stringContaining('throws'), 'admin'],
  ['writer', 'reader', expect.stringContaining('throws'), 'reader'],
] as const)('[GROUP-2] a %s ends a parent by %s: %s', async (role, given, expected, left) => {
  const { alice, erin, team, group } = await start(given);
  const bob = await kernelNodes.honest();
  group.addMember(memberOf(bob), role);
  give(bob, alice, team, group);
  await nextMoment();
  const theirs = viewOf<RawGroup>(bob, group);
  const key = theirs.get('readKey');
  const ended = attempt(() => {
    theirs.revokeExtend(viewOf(bob, team));
  });
  expect([ended, roleIn(theirs, erin)]).toEqual([expected, left]);
  expect(theirs.get('readKey') === key).toBe(left !== 'none');
});
