import { describe, expect, it } from 'vitest';
import { factsOfTab, fakeSessionID } from '../../../test/support/sync/fake-tabs.ts';
import { readTabNews } from './tab-news.ts';

const from = fakeSessionID('A');
const facts = factsOfTab('A', {
  unconfirmed: { coValues: 2, oldestSinceMs: 5, ids: ['co_z1', 'co_z2'] },
});
const answer = { v: 1, from, kind: 'there', roll: 2, ...facts };

describe('what a tab posts', () => {
  it('is an answer with facts, its end, or a sign of life', () => {
    expect(readTabNews(answer)).toEqual({ from, kind: 'answer', facts });
    expect(readTabNews({ v: 1, from, kind: 'bye' })).toEqual({ from, kind: 'bye', isFrozen: false });
    expect(readTabNews({ v: 1, from, kind: 'bye', isFrozen: true })).toMatchObject({ isFrozen: true });
    for (const kind of ['hello', 'saved', 'who', 'dance', 7])
      expect(readTabNews({ v: 1, from, kind })).toEqual({ from, kind: 'sign' });
  });

  it('is an answer without facts if it is malformed or of another version', () => {
    const { unconfirmed, relays } = facts;
    const many = <T>(each: T) => Array.from({ length: 21 }, () => each);
    const changes: readonly object[] = [
      { roll: 1 },
      { roll: undefined },
      { sessionIDs: [] },
      { sessionIDs: ['<b>'] },
      { sessionIDs: [fakeSessionID('B')] }, // A tab cannot answer for another one.
      { sessionIDs: [from, ...many(from)] },
      { sinceMs: '1' },
      { sinceMs: NaN },
      { title: 1 },
      { title: 'x'.repeat(201) },
      { isVisible: 'yes' },
      { relays: 'none' },
      { relays: [{ host: 'a', phase: 'dancing' }] },
      { relays: [{ host: 'a', phase: 'toString' }] },
      { relays: [{ host: {}, phase: 'offline' }] },
      { relays: many(relays[0]) },
      { unconfirmed: undefined },
      { unconfirmed: { ...unconfirmed, coValues: -1 } },
      { unconfirmed: { ...unconfirmed, oldestSinceMs: 'long' } },
      { unconfirmed: { ...unconfirmed, ids: ['no id'] } },
      { unconfirmed: { ...unconfirmed, ids: many('co_z1') } },
    ];
    for (const change of changes)
      expect([change, readTabNews({ ...answer, ...change })]).toEqual([change, { from, kind: 'answer' }]);
  });

  it('drops unknown fields', () => {
    const secret = 'sealerSecret_z1';
    const message = {
      ...answer,
      secret,
      relays: [{ host: 'a', phase: 'offline', secret }],
      unconfirmed: { ...facts.unconfirmed, secret },
    };
    expect(JSON.stringify(readTabNews(message))).not.toContain('ecret');
  });

  it('is ignored without a version and a session', () => {
    const messages: readonly unknown[] = [
      ...[undefined, null, 'there', [], 1],
      { ...answer, v: 2 },
      { ...answer, from: 'somebody' },
      { v: 1, kind: 'bye' },
    ];
    for (const message of messages) expect([message, readTabNews(message)]).toEqual([message, undefined]);
  });
});
