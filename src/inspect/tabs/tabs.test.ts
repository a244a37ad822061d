import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync } from '../../../test/support/sync/fake-sync.ts';
import {
  createFakeTabs,
  factsOfTab,
  fakeSessionID,
  type FakeTabs,
} from '../../../test/support/sync/fake-tabs.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import type { InspectorIncrement } from '../snapshot/inspector-snapshot.ts';
import type { Tab } from '../snapshot/tab-facts.ts';

const node = await createAccountNode();
const startMs = 1_700_000_000_000;
const [own, other] = [fakeSessionID('Mine'), fakeSessionID('Yours')];

let clock: FakeClock;
let tabs: FakeTabs;
let inspector: Inspector;

beforeEach(() => {
  clock = createFakeClock(startMs);
  tabs = createFakeTabs('Mine');
  inspector = inspect();
});

function inspect(): Inspector {
  const sync = createFakeSync(node, startMs);
  sync.setTabs(tabs);
  return createInspector(sync, { clock, stopwatchMs: () => 0 });
}

const read = () => inspector.snapshot().tabs;
const tabOf = (sessionID: string): Tab | undefined =>
  read().list.find(({ sessionIDs }) => sessionIDs.includes(sessionID));
/** Waits for the browser's answer about the locks. */
const told = async () => {
  await Promise.resolve();
  await Promise.resolve();
};
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000);
    await told();
  }
}
async function subscribe(): Promise<() => void> {
  const stop = inspector.subscribe(() => {});
  await told();
  return stop;
}

describe('asking the other tabs', () => {
  it('[PANEL-12] happens only with a subscriber, once a second for any number of subscribers', async () => {
    clock.advance(10_000);
    expect(read()).toMatchObject({ others: 'not-asked', leftBehind: 'unknown', list: [{ state: 'this' }] });
    expect([tabs.asks, tabs.listeners]).toEqual([0, 0]);
    const stops = [await subscribe(), await subscribe()];
    expect([tabs.asks, tabs.listeners]).toEqual([1, 1]);
    clock.advance(5_500);
    expect(tabs.asks).toBe(6);
    expect(read()).toMatchObject({ others: 'asked', askedAtMs: clock.nowMs() - 500 });
    for (const stop of stops) stop();
    clock.advance(10_000);
    expect([tabs.asks, tabs.listeners]).toEqual([6, 0]);
    expect(read()).toMatchObject({ others: 'not-asked' });
  });

  it('is reset after the last subscriber, and later messages are ignored', async () => {
    tabs.answers(factsOfTab('Yours'));
    const stop = await subscribe();
    expect(read().list).toHaveLength(2);
    clock.advance(1_000);
    stop();
    await told();
    expect(read()).toMatchObject({ locks: 'unknown', list: [{ state: 'this', lock: 'unknown' }] });
    expect(read().list).toHaveLength(1);
  });

  it('ends when the inspector is closed', async () => {
    await subscribe();
    inspector.close();
    clock.advance(5_000);
    expect([tabs.asks, tabs.listeners, clock.waiting]).toEqual([1, 0, 0]);
  });

  it('waits while this page is frozen, and counts no missed polls', async () => {
    tabs.answers(factsOfTab('Yours'));
    await subscribe();
    tabs.setOpen(false);
    await pass(10_000);
    expect([tabs.asks, tabOf(other)?.state]).toEqual([1, 'there']);
    tabs.setOpen(true);
    await pass(1_000);
    expect([tabs.asks, tabOf(other)?.unanswered]).toEqual([2, 0]);
  });

  it('reports at once that a tab appeared or ended', () => {
    const heard: InspectorIncrement[] = [];
    inspector.subscribe((increment) => heard.push(increment));
    tabs.post({ v: 1, from: other, kind: 'hello' });
    clock.advance(150);
    expect(heard.at(-1)?.tabs?.list).toHaveLength(2);
    tabs.post({ v: 1, from: other, kind: 'bye' });
    clock.advance(150);
    expect(heard.at(-1)?.tabs?.list[1]?.state).toBe('left');
  });
});

describe('a tab', () => {
  it('that answers is present with its facts, after this one', async () => {
    const facts = factsOfTab('Yours', {
      sinceMs: 5,
      unconfirmed: { coValues: 2, oldestSinceMs: 7, ids: ['co_z1', 'co_z2'] },
    });
    tabs.answers(facts);
    tabs.answers(factsOfTab('First', { sinceMs: 2 }));
    tabs.setHeld([own, other]);
    await subscribe();
    await pass(1_000);
    const { list } = read();
    expect(list.map(({ title, state, lock }) => [title, state, lock])).toEqual([
      ['Mine', 'this', 'held'],
      ['First', 'there', 'unknown'],
      ['Yours', 'there', 'held'],
    ]);
    expect(list[2]).toMatchObject({ ...facts, answer: 'read', unanswered: 0, heardAtMs: clock.nowMs() });
  });

  it('of another kernel version is present without facts', async () => {
    tabs.post({ v: 1, from: other, kind: 'saved', coValues: [] });
    await subscribe();
    tabs.post({ v: 1, from: other, kind: 'there', roll: 1, sessionIDs: [other], title: 'x' });
    expect(tabOf(other)).toEqual({
      ...{ sessionIDs: [other], state: 'there', heardAtMs: startMs },
      ...{ unanswered: 0, lock: 'unknown', answer: 'other-version' },
    });
  });

  it('that no longer answers is silent while it holds its lock, and gone once the lock is free', async () => {
    tabs.answers(factsOfTab('Yours'));
    tabs.setHeld([own, other]);
    await subscribe();
    tabs.silence(other);
    await pass(2_000);
    expect(tabOf(other)).toMatchObject({ state: 'there', unanswered: 1 });
    await pass(1_000);
    expect(tabOf(other)).toMatchObject({ state: 'silent', unanswered: 2, lock: 'held', heardAtMs: startMs });
    tabs.setHeld([own]);
    await pass(1_000);
    expect(tabOf(other)).toMatchObject({ state: 'gone', lock: 'free', endedAtMs: clock.nowMs() });
    const { endedAtMs } = tabOf(other) ?? {};
    await pass(5_000);
    expect(tabOf(other)).toMatchObject({ state: 'gone', endedAtMs });
    tabs.answers(factsOfTab('Yours'));
    await pass(1_000);
    expect(tabOf(other)?.state).toBe('there');
    expect(tabOf(other)).not.toHaveProperty('endedAtMs');
  });

  it('whose lock was never seen does not count as gone', async () => {
    tabs.answers(factsOfTab('Yours'));
    for (const held of [[own], undefined]) {
      tabs.setHeld(held);
      const stop = await subscribe();
      tabs.silence(other);
      await pass(5_000);
      expect(read().locks).toBe(held ? 'read' : 'unknown');
      expect(tabOf(other)).toMatchObject({ state: 'unknown', lock: 'unknown' });
      tabs.answers(factsOfTab('Yours'));
      stop();
    }
  });

  it('that announces its end has left or is frozen, and is present again with its next message', async () => {
    tabs.answers(factsOfTab('Yours'));
    await subscribe();
    for (const [isFrozen, state] of [
      [false, 'left'],
      [true, 'frozen'],
    ] as const) {
      tabs.silence(other);
      tabs.post({ v: 1, from: other, kind: 'bye', isFrozen });
      const endedAtMs = clock.nowMs();
      await pass(5_000);
      expect(tabOf(other)).toMatchObject({ state, endedAtMs, title: 'Yours', unanswered: 0 });
      tabs.post({ v: 1, from: other, kind: 'hello' });
      expect(tabOf(other)?.state).toBe('there');
    }
  });

  it('that holds a session ID without answering is silent, once it had time to answer', async () => {
    tabs.setHeld([own, other]);
    await subscribe();
    expect(tabOf(other)).toBeUndefined();
    await pass(2_000);
    expect(tabOf(other)).toMatchObject({ state: 'silent', answer: 'none', lock: 'held' });
    expect(tabOf(other)).not.toHaveProperty('heardAtMs');
    tabs.setHeld([own]);
    await pass(1_000);
    expect(tabOf(other)).toBeUndefined();
  });

  it('is one of a bounded number, of which few are former tabs', async () => {
    await subscribe();
    const ids = Array.from({ length: 500 }, (_, index) =>
      fakeSessionID(index.toString(9).replaceAll('0', '9')),
    );
    for (const id of ids) tabs.post({ v: 1, from: id, kind: 'hello' });
    expect(read().list).toHaveLength(101);
    for (const id of ids) {
      tabs.post({ v: 1, from: id, kind: 'bye' });
      clock.advance(1);
    }
    expect(read().list.length).toBeLessThanOrEqual(21);
  });
});

describe('what is left behind', () => {
  const unconfirmed = { coValues: 3, oldestSinceMs: startMs, ids: ['co_z1'] };

  it('is unknown until each tab had time to answer', async () => {
    tabs.setUnconfirmed(new Map([[other, unconfirmed]]));
    await subscribe();
    expect(read().leftBehind).toBe('unknown');
    await pass(1_000);
    expect(read().leftBehind).toEqual([{ sessionID: other, by: 'earlier-run', ...unconfirmed }]);
  });

  it('takes longer to know without locks', async () => {
    tabs.setHeld(undefined);
    tabs.setUnconfirmed(new Map([[other, unconfirmed]]));
    await subscribe();
    await pass(1_000);
    expect(read().leftBehind).toBe('unknown');
    await pass(1_000);
    expect(read().leftBehind).toHaveLength(1);
  });

  it('lists edits of former tabs, how each ended, and which tab uploads them', async () => {
    const spare = fakeSessionID('Spare');
    const held = fakeSessionID('Kept');
    tabs.answers(factsOfTab('Yours', { sessionIDs: [other, spare] }));
    tabs.setHeld([own, other, held]);
    tabs.setUnconfirmed(new Map([own, other, spare, held].map((id) => [id, unconfirmed])), own);
    await subscribe();
    for (let second = 0; second < 3; second++) {
      await pass(1_000);
      expect(read().leftBehind).toEqual([]);
    }
    tabs.silence(other);
    tabs.post({ v: 1, from: other, kind: 'bye', isFrozen: true });
    expect(read().leftBehind).toEqual(
      [other, spare].map((sessionID) => ({ sessionID, by: 'frozen', uploader: own, ...unconfirmed })),
    );
  });
});

describe('what is left behind by many', () => {
  it('is bounded, with the oldest first', async () => {
    const ids = Array.from({ length: 300 }, (_, index) =>
      fakeSessionID(index.toString(9).replaceAll('0', '9')),
    );
    tabs.setUnconfirmed(
      new Map(ids.map((id, index) => [id, { coValues: 1, oldestSinceMs: startMs - index, ids: [] }])),
    );
    await subscribe();
    await pass(1_000);
    const { leftBehind } = read();
    expect(leftBehind).toHaveLength(100);
    expect(leftBehind === 'unknown' || leftBehind[0]?.sessionID).toBe(ids.at(-1));
  });
});

describe('a sync without a channel to other tabs', () => {
  it('lists this tab from its own state', () => {
    const sync = createFakeSync(node, startMs);
    sync.setState({ confirmed: { known: true, pending: 3, oldestSinceMs: 5 } });
    const alone = createInspector(sync, { clock, stopwatchMs: () => 0 });
    alone.subscribe(() => {});
    expect(alone.snapshot().tabs).toEqual({
      others: 'unreachable',
      locks: 'unknown',
      leftBehind: 'unknown',
      list: [
        {
          ...{ sessionIDs: [node.currentSessionID], state: 'this' },
          ...{ unanswered: 0, lock: 'unknown', answer: 'none' },
          relays: [{ host: 'relay.example', phase: 'connected' }],
          unconfirmed: { coValues: 3, oldestSinceMs: 5, ids: [] },
        },
      ],
    });
    alone.close();
  });
});
