import { beforeEach, describe, expect, it } from 'vitest';
import {
  group,
  inspector,
  longSession,
  map,
  node,
  otherPerson,
  setUp,
  wordsOf,
} from '../../../test/support/inspect/covalue-reading.ts';

beforeEach(setUp);

describe('transactions', () => {
  it('are listed newest first, with author, time, size and changes', () => {
    map.delete('name', 'trusting');
    const { total, rows, older } = inspector.coValues.transactions(map.id);
    expect(total).toBe(3);
    expect(older).toBeUndefined();
    expect(rows).toMatchObject([
      { index: 2, privacy: 'trusting', changes: { changes: [{ op: 'del', key: 'name' }] } },
      {
        index: 1,
        privacy: 'private',
        changes: { changes: [{ op: 'set', key: 'iris', value: { kind: 'object' } }] },
      },
      { index: 0, author: { name: 'Ana', isOwn: true }, isThisTab: true, sessionID: node.currentSessionID },
    ]);
    expect(rows[0]?.bytes).toBe('[{"op":"del","key":"name"}]'.length);
    expect(rows[0]?.madeAtMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('are each listed once across pages, even if more arrive in between', async () => {
    const { other, account } = await otherPerson();
    group.addMember(account, 'writer');
    const theirs = await other.load(map.id);
    if (theirs === 'unavailable') throw new Error('connected above');
    for (let index = 0; index < 30; index++) {
      theirs.set('tomas', index, index % 2 ? 'private' : 'trusting');
      map.set('ana', index, 'private');
    }
    await expect.poll(() => inspector.coValue(map.id).sessions?.transactions).toBe(62);
    const seen: string[] = [];
    const times: number[] = [];
    let page = inspector.coValues.transactions(map.id, { limit: 7 });
    for (;;) {
      seen.push(...page.rows.map(({ sessionID, index }) => `${sessionID} ${index}`));
      times.push(...page.rows.map(({ madeAtMs }) => madeAtMs));
      expect(page.rows.every(({ changes }) => changes.state === 'read')).toBe(true);
      if (!page.older) break;
      map.set('later', seen.length, 'private');
      page = inspector.coValues.transactions(map.id, { limit: 7, before: page.older });
    }
    expect(new Set(seen).size).toBe(62);
    expect(seen.length).toBe(62);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(seen.at(-1)).toBe(`${node.currentSessionID} 0`);
  });

  it('give the reason if they are unreadable', async () => {
    const { other, account } = await otherPerson();
    group.addMember(account, 'reader');
    const theirs = await other.load(map.id);
    if (theirs === 'unavailable') throw new Error('connected above');
    theirs.core.makeTransaction([{ op: 'set', key: 'forged', value: 1 }], 'private');
    theirs.core.makeTransaction([{ op: 'set', key: 'forged', value: 2 }], 'trusting');
    await expect.poll(() => inspector.coValue(map.id).sessions?.transactions).toBe(4);
    map.core.getCurrentContent();
    const byOthers = inspector.coValues.transactions(map.id).rows.filter(({ author }) => !author.isOwn);
    expect(byOthers).toMatchObject([
      { refused: 'Transactor has no write permissions', changes: { state: 'read' } },
      {
        refused: 'Transactor has no write permissions',
        changes: { state: 'encrypted', why: 'not-permitted' },
      },
    ]);

    // A value of another account, in a group whose key this account was not given.
    const theirGroup = other.createGroup();
    const theirMap = theirGroup.createMap();
    theirMap.set('name', 'not for Ana', 'private');
    await node.load(theirMap.id);
    const [unread] = inspector.coValues.transactions(theirMap.id).rows;
    expect(unread?.changes).toEqual({ state: 'encrypted', why: 'no-key' });
    expect(inspector.coValues.tree(theirMap.id)).toMatchObject({ state: 'read', total: 0 });
  });

  it('are read as plaintext in a CoValue that is not open, and are unknown with another cojson', () => {
    const unopened = group.createMap({ name: 'x' });
    unopened.set('open', 1, 'trusting');
    Reflect.set(unopened.core, '_cachedContent', undefined);
    Reflect.set(unopened.core, 'lastVerifiedTransactionBySessionID', {});
    expect(inspector.coValues.transactions(unopened.id).rows.map(({ changes }) => changes)).toMatchObject([
      { state: 'read', changes: [{ op: 'set', key: 'open' }] },
      { state: 'encrypted', why: 'not-open' },
    ]);
    Reflect.set(unopened.core, 'lastVerifiedTransactionBySessionID', undefined);
    expect(inspector.coValues.transactions(unopened.id).rows[1]?.changes).toMatchObject({ why: 'unknown' });
  });

  it('cost only the page, even among 100,000', () => {
    const reads = longSession(100_000, {
      privacy: 'trusting',
      changes: '[{"op":"set","key":"a","value":1}]',
    });
    const first = inspector.coValues.transactions(map.id, { limit: 100 });
    expect(first.total).toBe(100_000);
    expect(first.rows[0]?.index).toBe(99_999);
    expect(reads.count).toBeLessThanOrEqual(110);
    const second = inspector.coValues.transactions(map.id, {
      limit: 100,
      ...(first.older && { before: first.older }),
    });
    expect(second.rows[0]?.index).toBe(99_899);
    expect(reads.count).toBeLessThanOrEqual(220);
    expect(inspector.coValues.transactions(map.id, { limit: 1e9 }).rows).toHaveLength(500);
    expect(
      inspector.coValues.transactions(map.id, { before: { made: 7, [node.currentSessionID]: -1 } }).rows,
    ).toEqual([]);
  });

  it('continue where the previous page ended', () => {
    for (let index = 0; index < 300; index++) map.set('n', index, 'private');
    const [last] = inspector.coValues.transactions(map.id, { limit: 1 }).rows;
    expect(wordsOf(last)).toContain('299');
    let steps = 0;
    for (const transaction of map.core.verifiedTransactions) {
      const { previous } = transaction;
      Object.defineProperty(transaction, 'previous', {
        get() {
          steps++;
          return previous;
        },
      });
    }
    let page = inspector.coValues.transactions(map.id, { limit: 20 });
    while (page.older) {
      steps = 0;
      page = inspector.coValues.transactions(map.id, { limit: 20, before: page.older });
      expect(page.rows.every(({ changes }) => changes.state === 'read')).toBe(true);
      expect(steps).toBeLessThan(30);
    }
  });
});
