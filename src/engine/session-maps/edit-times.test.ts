import type { JsonValue, LocalNode, RawCoMap } from 'cojson';
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

function admit(role: 'writer' | 'manager'): void {
  group.addMember(contentIn(owner, other.expectCurrentAccount('test')), role);
  exchange();
}

/** As relays' pings do. */
function correct(node: LocalNode, offsetMs: number): void {
  vi.spyOn(node.clockOffset, 'currentOffset').mockReturnValue(offsetMs);
}

/** As the other device, whose clock is ahead. */
function write(aheadMs: number, value: JsonValue = 'theirs'): void {
  vi.setSystemTime(nowMs + aheadMs);
  contentIn(other, map).set('title', value);
  vi.setSystemTime(nowMs);
  exchange();
}

const dateOf = (value: RawCoMap, key: string): number => Number(value.lastEditAt(key)?.at) - nowMs;

it.each([minuteMs, 19 * hourMs, 20 * hourMs])(
  '[CONF-10] an edit of data follows one that is %i ms ahead, and wins',
  (aheadMs) => {
    admit('writer');
    write(aheadMs);
    map.set('title', 'mine');
    expect([map.get('title'), dateOf(map, 'title')]).toEqual(['mine', aheadMs + 1]);
    expect(contentIn(owner, map).get('title')).toBe('mine');
  },
);

it.each([20 * hourMs + 1, 10 * 365 * dayMs, 8e15])(
  '[WRITE-8] an edit of data does not follow one that is %i ms ahead',
  (aheadMs) => {
    admit('writer');
    write(aheadMs);
    map.set('other', 'mine');
    expect(dateOf(map, 'other')).toBe(0);
  },
);

it.each([
  [4 * minuteMs, 4 * minuteMs + 1],
  [5 * minuteMs + 1, 0],
  [19 * hourMs, 0],
])('[WRITE-8] after a change of a group that is %i ms ahead, the next is at %i', (aheadMs, expectedMs) => {
  admit('manager');
  correct(other, aheadMs);
  vi.setSystemTime(nowMs + aheadMs);
  correct(other, 0);
  contentIn(other, group).addMember('everyone', 'writer');
  vi.setSystemTime(nowMs);
  exchange();
  expect(dateOf(group, 'everyone')).toBe(aheadMs);
  const account = group.createInvite('reader');
  const [last] = group.core.verifiedTransactions.filter(
    ({ author, madeAt }) => author === idOfOwner() && madeAt > nowMs,
  );
  expect([account.length > 0, last ? last.madeAt - nowMs : 0]).toEqual([true, expectedMs]);
});

const idOfOwner = () => owner.expectCurrentAccount('test').id;

it.each([
  [4 * minuteMs, 4 * minuteMs, 4 * minuteMs],
  [-4 * minuteMs, -4 * minuteMs, -4 * minuteMs],
  [6 * minuteMs, 6 * minuteMs, 0],
  [23 * hourMs, 19 * hourMs, 0],
  [-23 * hourMs, -23 * hourMs, 0],
])(
  '[WRITE-8] a ping of %i ms moves edits of data by %i, and of groups by %i',
  async (offsetMs, data, ofGroup) => {
    const node = await openSessionNode(3);
    correct(node, offsetMs);
    const own = node.createGroup();
    expect(dateOf(own, node.expectCurrentAccount('test').id)).toBe(ofGroup);
    vi.setSystemTime(nowMs + dayMs);
    const value = own.createMap();
    value.set('title', 'x');
    expect(dateOf(value, 'title')).toBe(dayMs + data);
  },
);

it('[WRITE-8] pings of almost a day date no edit so far ahead that relays refuse it', async () => {
  const node = await openSessionNode(3);
  correct(node, dayMs - 1);
  const value = node.createGroup().createMap({ title: 'x' });
  value.set('title', 'y');
  expect(dateOf(value, 'title')).toBeLessThanOrEqual(19 * hourMs + 1);
});

it.each([
  [dayMs - 1, 0],
  [dayMs - 1, -dayMs],
  [hourMs, -dayMs],
])(
  '[CONF-10] an edit follows what its author wrote under pings of %i ms, even under pings of %i',
  (first, second) => {
    correct(owner, first);
    map.set('title', 'first');
    correct(owner, second);
    map.set('title', 'second');
    expect(map.get('title')).toBe('second');
  },
);

it('[CONF-10] an edit follows one from a clock that is a minute fast, whatever the pings say', () => {
  admit('writer');
  write(minuteMs);
  correct(owner, -dayMs);
  map.set('title', 'mine');
  expect(map.get('title')).toBe('mine');
});

it('[WRITE-8] pings of more than a day move nothing', () => {
  for (const offsetMs of [25 * hourMs, 10 * 365 * dayMs, Number.MAX_SAFE_INTEGER, NaN, Infinity])
    owner.clockOffset.addSample({ serverTime: nowMs + offsetMs, localReceiveTime: nowMs });
  expect(owner.stampNow()).toBe(nowMs);
});

it('[WRITE-8] a ping that is hours slow dates no edit before the membership of its author', () => {
  correct(other, -23 * hourMs);
  admit('writer');
  contentIn(other, map).set('title', 'theirs');
  exchange();
  expect(map.get('title')).toBe('theirs');
});

it('[CONF-10] an owner changes a group that was made by a clock an hour fast', async () => {
  vi.setSystemTime(nowMs + hourMs);
  const fast = owner.createGroup();
  vi.setSystemTime(nowMs);
  const second = await openSessionNode(1);
  copyContent(owner, second);
  const view = contentIn(second, fast);
  view.addMember('everyone', 'reader');
  view.removeMember('everyone');
  view.createMap({ title: 'mine' });
  expect([view.myRole(), view.get('everyone')]).toEqual(['admin', 'revoked']);
});

it('[CONF-10] a link is accepted that was made by a clock an hour fast', async () => {
  vi.setSystemTime(nowMs + hourMs);
  const invite = group.createInvite('writer');
  vi.setSystemTime(nowMs);
  exchange();
  await other.acceptInvite(group.id, invite);
  contentIn(other, map).set('title', 'theirs');
  exchange();
  expect(map.get('title')).toBe('theirs');
});
