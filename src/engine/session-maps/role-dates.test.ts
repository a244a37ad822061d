import type { LocalNode, RawAccount, RawCoMap, RawGroup, Role } from 'cojson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { contentIn, copyContent, openSessionNode } from '../../../test/support/engine/session-nodes.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 0, 1);

/** Two session nodes that exchange content when a test says so. */
let owner: LocalNode;
let other: LocalNode;
let group: RawGroup;
let map: RawCoMap;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
  [owner, other] = [await openSessionNode(1), await openSessionNode(2)];
  group = owner.createGroup();
  map = group.createMap({ title: 'first' });
  exchange();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function exchange(): void {
  copyContent(owner, other);
  copyContent(other, owner);
}

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
    write('title', 5 * hourMs);
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
  write('title', 5 * hourMs, below);
  remove();
  expect(await shown('title', below)).toEqual(onAll('theirs'));
});

it('[CONF-18] an edit counts if a link was accepted with a clock that is 60 days fast', async () => {
  vi.spyOn(other.clockOffset, 'currentOffset').mockReturnValue(60 * dayMs);
  const invite = group.createInvite('writer');
  exchange();
  await other.acceptInvite(group.id, invite);
  exchange();
  write('title', 60 * dayMs + hourMs);
  remove();
  expect(await shown('title')).toEqual(onAll('theirs'));
});

it('an edit up to a day ahead counts after the removal, and a later one does not delay it', async () => {
  admit('writer');
  write('title', dayMs);
  write('later', dayMs + 1);
  write('late', 60 * dayMs);
  remove();
  expect(dateOfRole()).toBe(nowMs + dayMs + 1);
  expect(await shown('title')).toEqual(onAll('theirs'));
  expect(await shown('later')).toEqual(onAll(undefined));
  expect(await shown('late')).toEqual(onAll(undefined));
});

it('a member who dates edits 60 days ahead is removed now', () => {
  admit('writer');
  write('title', 60 * dayMs);
  remove();
  expect(dateOfRole()).toBe(nowMs);
});

it('only the removal of their author follows edits', async () => {
  admit('writer');
  write('title', 5 * hourMs);
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
  write('title', 5 * hourMs);
  end();
  const dates = group.core.verifiedTransactions.map(({ madeAt }) => madeAt);
  expect(Math.max(...dates)).toBe(nowMs);
});

it('a member who may still write is not dated ahead', () => {
  admit('writer');
  write('title', 5 * hourMs);
  group.addMember(otherHere(), 'manager');
  expect(dateOfRole()).toBe(nowMs);
});

it('a member who is added again can write', async () => {
  admit('writer');
  write('title', 5 * hourMs);
  remove();
  admit('writer');
  write('again', 0);
  expect(await shown('again')).toEqual(onAll('theirs'));
});
