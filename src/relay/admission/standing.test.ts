import { expect, it } from 'vitest';
import type { GroupChange, GroupTransaction } from '../../engine/covalue-access.ts';
import { createGroupMembers, maxDoubtful } from './group-members.ts';
import { isOpenAt, standingIn } from './standing.ts';

let index = 0;
const act = (
  author: string,
  change: GroupChange,
  more: Partial<GroupTransaction> = {},
): GroupTransaction => ({
  author,
  sessionID: `${author}_session_z1`,
  index: index++,
  atMs: index,
  change,
  ...more,
});

it('[RELAY-22] anyone may write whom a group above lets write, by whatever way', () => {
  const groups = new Map(['top', 'middle', 'child'].map((id) => [id, createGroupMembers(id, 'owner')]));
  const parent = (parentID: string, role: 'extend' | 'writer') =>
    act('owner', { kind: 'parent', parentID, role });
  groups.get('top')?.add(act('owner', { kind: 'role', member: 'everyone', role: 'reader' }));
  groups.get('middle')?.add(parent('top', 'extend'));
  for (const one of [parent('middle', 'extend'), parent('top', 'writer')]) groups.get('child')?.add(one);
  expect(isOpenAt('child', 100, (id) => groups.get(id))).toBe(true);
});

it.each([
  ['an admin', 'owner', false],
  ['a manager', 'manager', true],
] as const)('[RELAY-22] of the heads of %s, the relay believes what devices do', (_, remover, isStill) => {
  const members = createGroupMembers('group', 'owner');
  members.add(act('owner', { kind: 'role', member: 'manager', role: 'manager' }));
  members.add(act('owner', { kind: 'role', member: 'link', role: 'writerInvite' }));
  const use = act('link', { kind: 'role', member: 'guest', role: 'writer' });
  members.add(act(remover, { kind: 'role', member: 'link', role: 'revoked' }, { heads: {} }));
  expect(members.isInviteAt(use)).toBe(isStill);
});

it('[RELAY-17] a stranger’s nested groups, changed by an admin of one that is too far above, cost one walk', () => {
  const groups = Array.from({ length: 150 }, (_, place) => createGroupMembers(`${place}`, 'owner'));
  groups.at(-1)?.add(act('owner', { kind: 'role', member: 'admin', role: 'admin' }));
  groups.forEach((group, place) => {
    group.add(act('owner', { kind: 'parent', parentID: `${place + 1}`, role: 'extend' }));
    group.add(act('admin', { kind: 'role', member: 'guest', role: 'writer' }));
  });
  let steps = 0;
  const find = (id: string) => {
    if (++steps > 20_000) throw new Error('The relay hangs.');
    return groups[Number(id)];
  };
  expect(standingIn('0', 'stranger', find)).toBe('none');
  expect(standingIn('60', 'admin', find)).toBe('administrator');
});

it('[RELAY-23] an invite that was removed does nothing more, although it has left before', () => {
  const members = createGroupMembers('group', 'owner');
  const end = { kind: 'role', member: 'link', role: 'revoked' } as const;
  members.add(act('owner', { kind: 'role', member: 'link', role: 'writerInvite' }));
  const use = act('link', { kind: 'role', member: 'guest', role: 'writer' });
  members.add(act('link', end));
  members.add(act('owner', end, { heads: {} }));
  expect(members.isInviteAt(use)).toBe(false);
});

it('[RELAY-17] removals of an invite that may not count are not looked through without end', () => {
  const members = createGroupMembers('group', 'owner');
  members.add(act('owner', { kind: 'role', member: 'manager', role: 'manager' }));
  members.add(act('owner', { kind: 'role', member: 'link', role: 'writerInvite' }));
  for (let count = 0; count < 10 * maxDoubtful; count++)
    members.add(act('manager', { kind: 'role', member: 'link', role: 'revoked' }));
  let looks = 0;
  const look = () => void looks++;
  const heads = new Proxy({}, { get: look, getOwnPropertyDescriptor: look, has: () => Boolean(look()) });
  members.add(act('owner', { kind: 'role', member: 'manager', role: 'revoked' }, { heads }));
  expect(members.isInviteAt(act('link', { kind: 'role', member: 'guest', role: 'writer' }))).toBe(true);
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThanOrEqual(2 * maxDoubtful);
});
