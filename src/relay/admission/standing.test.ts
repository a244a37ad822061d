import { expect, it, vi } from 'vitest';
import type { GroupChange, GroupTransaction, ParentRole } from '../../engine/covalue-access.ts';
import { createGroupMembers, maxDoubtful } from './group-members.ts';
import { createOpenness } from './openness.ts';
import { standingIn } from './standing.ts';

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
  expect(createOpenness('child', (id) => groups.get(id))(100)).toBe(true);
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

/** Groups of one owner, by name, with what each extends. */
function groupsOf(parents: Readonly<Record<string, Readonly<Record<string, ParentRole>>>>) {
  const groups = new Map(Object.keys(parents).map((id) => [id, createGroupMembers(id, 'owner')]));
  for (const [id, above] of Object.entries(parents))
    for (const [parentID, role] of Object.entries(above))
      groups.get(id)?.add(act('owner', { kind: 'parent', parentID, role }));
  const find = (id: string) => groups.get(id);
  const give = (id: string, member: string, role: 'reader' | 'writer') =>
    groups.get(id)?.add(act('owner', { kind: 'role', member, role }));
  return { find, give };
}

it('[RELAY-22] an administrator of one group above cannot put another one too far away', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 98 }, (_, place) => [
      `${place}`,
      { [place < 97 ? `${place + 1}` : 'team']: 'reader' as const },
    ]),
  );
  const { find, give } = groupsOf({
    child: { readers: 'reader', team: 'extend' },
    readers: { '0': 'reader' },
    ...chain,
    team: {},
  });
  give('team', 'bob', 'writer');
  expect(standingIn('child', 'bob', find)).toBe('member');
});

it('[RELAY-22] a member of groups that extend each other has the higher role of both', () => {
  const { find, give } = groupsOf({
    child: { one: 'reader', other: 'manager' },
    one: { other: 'extend' },
    other: { one: 'extend' },
  });
  give('one', 'bob', 'writer');
  expect(standingIn('child', 'bob', find)).toBe('administrator');
});

it('[RELAY-22] guests may write by one group above, however many others there are', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, place) => [`${place}`, {}]));
  const extended = Object.fromEntries(Object.keys(many).map((id) => [id, 'extend' as const]));
  const { find, give } = groupsOf({
    child: { team: 'writer', open: 'extend' },
    team: extended,
    open: {},
    ...many,
  });
  give('open', 'everyone', 'writer');
  const isOpenAt = createOpenness('child', find);
  expect(isOpenAt(index)).toBe(true);
  expect(isOpenAt(0)).toBe(false);
  // Anyone can ask for many dates below many groups.
  const looks = vi.fn(find);
  const isOpenOnce = createOpenness('child', looks);
  for (let atMs = index; atMs < index + 10_000; atMs++) isOpenOnce(atMs);
  expect(looks.mock.calls.length).toBeLessThan(300);
  expect(isOpenOnce(index + 10_000)).toBe(false);
});
