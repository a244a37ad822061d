import type { RawAccount, Role } from 'cojson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  contentIn,
  copyContent,
  openSessionNode,
  openTwoNodes,
  type TwoNodes,
} from '../../../test/support/engine/session-nodes.ts';

const minuteMs = 60 * 1000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 0, 1);

let owner: TwoNodes['owner'];
let other: TwoNodes['other'];
let group: TwoNodes['group'];
let map: TwoNodes['map'];
let exchange: TwoNodes['exchange'];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
  ({ owner, other, group, map, exchange } = await openTwoNodes());
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const idOfOther = () => other.expectCurrentAccount('test').id;
const otherHere = (): RawAccount => contentIn(owner, other.expectCurrentAccount('test'));

function admit(role: Role, where = group): void {
  where.addMember(otherHere(), role);
  exchange();
}

/** As the other account, on a device whose clock is fast. */
function write(key: string, fastMs: number, where = map): void {
  vi.spyOn(other.clockOffset, 'currentOffset').mockReturnValue(fastMs);
  contentIn(other, where).set(key, 'theirs');
  exchange();
  // The owner has seen it.
  expect(contentIn(owner, where).get(key)).toBe('theirs');
}

const lower = (): void => group.addMember(otherHere(), 'reader');
const remove = (): void => group.removeMember(otherHere());
const dateOfRole = (): number | undefined => group.lastEditAt(idOfOther())?.at.getTime();

/** What is there on both nodes, and on a device that is opened now. */
async function shown(key: string, where = map): Promise<readonly unknown[]> {
  exchange();
  const fresh = await openSessionNode(1);
  for (const node of [other, owner]) copyContent(node, fresh);
  return [owner, other, fresh].map((node) => contentIn(node, where).get(key));
}

const onAll = (value: unknown): readonly unknown[] => [value, value, value];

it.each([
  ['lowered', 'writer', lower],
  ['lowered', 'writeOnly', lower],
  ['removed', 'writer', remove],
] as const)(
  '[CONF-18] an edit by a fast clock counts after its author is %s from %s',
  async (_, role, end) => {
    admit(role);
    write('title', 4 * minuteMs);
    end();
    expect(await shown('title')).toEqual(onAll('theirs'));
  },
);

it('[CONF-18] an edit of the same millisecond as the removal counts', async () => {
  admit('writer');
  write('title', 0);
  remove();
  expect(await shown('title')).toEqual(onAll('theirs'));
});

it('[CONF-18] an edit in a group that extends the group counts', async () => {
  const child = owner.createGroup();
  const grandchild = owner.createGroup();
  child.extend(group);
  grandchild.extend(child);
  const below = grandchild.createMap({ title: 'first' });
  admit('writer');
  write('title', 4 * minuteMs, below);
  remove();
  expect(await shown('title', below)).toEqual(onAll('theirs'));
});

it('[CONF-18] an edit counts if a link was accepted with a clock that is 4 minutes fast', async () => {
  vi.spyOn(other.clockOffset, 'currentOffset').mockReturnValue(4 * minuteMs);
  const invite = group.createInvite('writer');
  exchange();
  await other.acceptInvite(group.id, invite);
  exchange();
  write('title', 4 * minuteMs + 1);
  remove();
  expect(await shown('title')).toEqual(onAll('theirs'));
});

it('[CONF-18] an edit 5 minutes ahead counts after the removal, and a later one does not delay it', async () => {
  admit('writer');
  write('title', 5 * minuteMs);
  write('later', 5 * minuteMs + 1);
  write('late', dayMs);
  remove();
  expect(dateOfRole()).toBe(nowMs + 5 * minuteMs + 1);
  expect(await shown('title')).toEqual(onAll('theirs'));
  expect(await shown('later')).toEqual(onAll(undefined));
  expect(await shown('late')).toEqual(onAll(undefined));
});

it.each([hourMs, dayMs, 60 * dayMs])('a member who dates edits %i ms ahead is removed now', (fastMs) => {
  admit('writer');
  write('title', fastMs);
  remove();
  expect(dateOfRole()).toBe(nowMs);
});

it('only the removal of their author follows edits', async () => {
  admit('writer');
  write('title', 4 * minuteMs);
  const third = await openSessionNode(3);
  copyContent(third, owner);
  const account = contentIn(owner, third.expectCurrentAccount('test'));
  group.addMember(account, 'writer');
  group.removeMember(account);
  expect(group.lastEditAt(account.id)?.at.getTime()).toBe(nowMs);
});

it.each([
  ['a manager, who could set another read key until then', () => admit('manager'), remove],
  [
    'a member who manages a group that extends the group',
    () => {
      owner.createGroup().extend(group, 'manager');
      admit('writer');
    },
    remove,
  ],
  [
    'everyone',
    () => {
      group.addMember('everyone', 'writer');
      exchange();
    },
    () => group.removeMember('everyone'),
  ],
] as const)('the removal follows no edits of %s', (_, begin, end) => {
  begin();
  write('title', 4 * minuteMs);
  end();
  const dates = group.core.verifiedTransactions.map(({ madeAt }) => madeAt);
  expect(Math.max(...dates)).toBe(nowMs);
});

it('a member who may still write is not dated ahead', () => {
  admit('writer');
  write('title', 4 * minuteMs);
  group.addMember(otherHere(), 'manager');
  expect(dateOfRole()).toBe(nowMs);
});

it('a member who is added again can write', async () => {
  admit('writer');
  write('title', 4 * minuteMs);
  remove();
  admit('writer');
  write('again', 0);
  expect(await shown('again')).toEqual(onAll('theirs'));
});
