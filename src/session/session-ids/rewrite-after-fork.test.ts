import { LocalNode, type RawCoList, type RawCoMap, type RawCoStream, type RawGroup } from 'cojson';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { findForks, type Fork } from './own-forks.ts';
import { rewriteAfterFork } from './rewrite-after-fork.ts';
import { genesisTimeMs } from '../account/version-1.ts';

// Two nodes that write under one session ID, like a browser profile and its copy. The relay has the first one's edits.

let original: LocalNode;
let copy: LocalNode;
let relay: LocalNode;
let newNode: (sessionID?: LocalNode['currentSessionID']) => Promise<LocalNode>;
let group: RawGroup;
beforeEach(async () => {
  const crypto = await createSessionCrypto();
  const secret = crypto.newRandomAgentSecret();
  const newSessionID = () => crypto.newRandomSessionID(crypto.getAgentID(secret));
  newNode = async (sessionID = newSessionID()) =>
    createSessionNode({ crypto: await createSessionCrypto(), agentSecret: secret, sessionID, genesisTimeMs });
  original = await newNode();
  copy = await newNode(original.currentSessionID);
  relay = await newNode();
  group = original.createGroup();
});

type Value = RawCoMap | RawCoList | RawCoStream | RawGroup;

function give(from: LocalNode, to: LocalNode, values: readonly Value[], without: readonly Fork[] = []): void {
  for (const { id } of values) {
    const gone = new Set<string>(without.flatMap((fork) => (fork.id === id ? fork.sessionID : [])));
    for (const piece of from.getCoValue(id).newContentSince() ?? []) {
      const sessions = Object.entries(piece.new).filter(([sessionID]) => !gone.has(sessionID));
      to.syncManager.handleNewContent({ ...piece, new: Object.fromEntries(sessions) }, 'import');
    }
  }
}

function at<T extends Value>(node: LocalNode, value: T): T {
  return node.expectCoValueLoaded(value.id).getCurrentContent() as T;
}

/** Rewrites the copy's edits under another session, and sends them to the relay. Resolves with the forks. */
async function merge(values: readonly Value[]): Promise<readonly Fork[]> {
  give(original, relay, [group, ...values]);
  return mergeOf(copy, values);
}

async function mergeOf(loser: LocalNode, values: readonly Value[]): Promise<readonly Fork[]> {
  const forks = findForks(
    loser,
    relay,
    values.map(({ id }) => id),
  );
  Object.assign(loser, { currentSessionID: (await newNode()).currentSessionID });
  for (const fork of forks) expect(rewriteAfterFork(loser, fork, forks)).toBe(true);
  give(loser, relay, [group, ...values], forks);
  return forks;
}

describe('what a copied profile wrote under a session that continued elsewhere', () => {
  test('[TABS-10] appears beside the original once, with its own time', async () => {
    const map = group.createMap({ before: 0 });
    give(original, copy, [group, map]);
    at(copy, map).set('copy', 1);
    at(copy, map).set('both', 'copy');
    const times = ['copy', 'both'].map((key) => at(copy, map).lastEditAt(key)?.at.getTime());
    map.set('original', 1);
    map.set('both', 'original');
    const forks = await merge([map]);
    expect(forks).toEqual([{ id: map.id, sessionID: original.currentSessionID, from: 1, count: 3 }]);
    const merged = at(relay, map);
    expect(merged.toJSON()).toMatchObject({ before: 0, original: 1, copy: 1 });
    expect([...merged.editsAt('both')].map(({ value }) => value).toSorted()).toEqual(['copy', 'original']);
    expect([...merged.editsAt('copy')]).toHaveLength(1);
    expect(merged.lastEditAt('copy')?.at.getTime()).toBe(times[0]);
  });

  test('[TABS-10] counts, although it was made by a clock that is days ahead', async () => {
    const map = group.createMap({});
    give(original, copy, [group, map]);
    const madeAtMs = Date.now() + 5 * 24 * 60 * 60 * 1000;
    at(copy, map).core.makeTransaction(
      [{ op: 'set', key: 'copy', value: 1 }],
      'private',
      undefined,
      madeAtMs,
    );
    map.set('original', 1);
    await merge([map]);
    expect(at(relay, map).toJSON()).toEqual({ original: 1, copy: 1 });
    expect(at(relay, map).lastEditAt('copy')?.at.getTime()).toBe(madeAtMs);
  });

  test('does not override later edits', async () => {
    const map = group.createMap({});
    give(original, copy, [group, map]);
    const nowMs = Date.now();
    const set = (node: LocalNode, key: string, value: string, madeAtMs: number) =>
      node.getCoValue(map.id).makeTransaction([{ op: 'set', key, value }], 'private', undefined, madeAtMs);
    set(copy, 'both', 'copy', nowMs + 10_000);
    set(original, 'both', 'original', nowMs + 20_000);
    set(copy, 'last', 'copy', nowMs + 30_000);
    await merge([map]);
    expect(at(relay, map).toJSON()).toEqual({ both: 'original', last: 'copy' });
  });

  test('keeps its positions in a list', async () => {
    const list = group.createList<RawCoList>(['a', 'd']);
    give(original, copy, [group, list]);
    at(copy, list).append('b', 0);
    at(copy, list).append('c', 1);
    at(copy, list).append('gone', 2);
    at(copy, list).delete(3);
    list.append('e', 1);
    list.append('f', 2);
    expect(at(copy, list).asArray()).toEqual(['a', 'b', 'c', 'd']);
    await merge([list]);
    expect(at(relay, list).asArray()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('stays in its author’s stream', async () => {
    const stream = group.createStream<RawCoStream>();
    give(original, copy, [group, stream]);
    at(copy, stream).push('copy');
    stream.push('original');
    await merge([stream]);
    const [items] = Object.values(at(relay, stream).toJSON());
    expect(JSON.stringify(items)).toContain('copy');
    expect(JSON.stringify(at(relay, stream).items)).toContain('original');
  });

  test('still opens what it gave access to', async () => {
    const map = group.createMap({ secret: 1 });
    give(original, copy, [group, map]);
    const guest = await createGuest();
    at(copy, group).addMember(guest.account, 'reader');
    const other = await createGuest();
    group.addMember(other.account, 'reader');
    give(original, relay, [group, map]);
    await merge([group]);
    give(relay, guest.node, [other.account, group, map]);
    expect(at(guest.node, map).get('secret')).toBe(1);
  });

  test('[TABS-10] appears for each of several devices, in maps and lists', async () => {
    const map = group.createMap({});
    const list = group.createList<RawCoList>(['first']);
    const third = await newNode(original.currentSessionID);
    for (const node of [copy, third]) give(original, node, [group, map, list]);
    for (const [node, name] of [
      [original, 'original'],
      [copy, 'copy'],
      [third, 'third'],
    ] as const) {
      at(node, map).set(name, 1);
      at(node, list).append(name);
      at(node, list).append(`after ${name}`);
    }
    await merge([map, list]);
    // The third one receives the copies before it writes its own.
    const gone = findForks(third, relay, [map.id, list.id]);
    give(relay, third, [group, map, list], gone);
    await mergeOf(third, [map, list]);
    expect(at(relay, map).toJSON()).toEqual({ original: 1, copy: 1, third: 1 });
    const items = at(relay, list).asArray();
    expect(items.toSorted()).toEqual(
      ['first', ...['original', 'copy', 'third'].flatMap((name) => [name, `after ${name}`])].toSorted(),
    );
    for (const name of ['original', 'copy', 'third'])
      expect(items.indexOf(`after ${name}`)).toBe(items.indexOf(name) + 1);
  });

  test.each([true, false])(
    'appears once if two devices have it and neither knows of the other (same edits since: %s)',
    async (isSame) => {
      const list = group.createList<RawCoList>(['first']);
      give(original, copy, [group, list]);
      at(copy, list).append('shared');
      const third = await newNode(original.currentSessionID);
      give(copy, third, [group, list]);
      if (!isSame) at(copy, list).append('copy');
      if (!isSame) at(third, list).append('third');
      list.append('original');
      await merge([list]);
      await mergeOf(third, [list]);
      expect(at(relay, list).asArray().toSorted()).toEqual(
        [...(isSame ? [] : ['copy', 'third']), 'first', 'original', 'shared'].toSorted(),
      );
    },
  );

  test('keeps its ID when the session of its copy is forked again', async () => {
    const list = group.createList<RawCoList>(['first']);
    give(original, copy, [group, list]);
    at(copy, list).append('copy');
    list.append('original');
    const forks = await merge([list]);
    const heir = await newNode(copy.currentSessionID);
    give(copy, heir, [group, list], forks);
    at(relay, list).append('relay', at(relay, list).asArray().indexOf('copy'));
    const fork = { id: list.id, sessionID: copy.currentSessionID, from: 0, count: 1 };
    Object.assign(heir, { currentSessionID: (await newNode()).currentSessionID });
    expect(rewriteAfterFork(heir, fork)).toBe(true);
    const after = await newNode();
    give(heir, after, [group, list], [fork]);
    const news = relay.getCoValue(list.id).newContentSince() ?? [];
    for (const piece of news) {
      const own = Object.entries(piece.new).filter(([sessionID]) => sessionID !== fork.sessionID);
      after.syncManager.handleNewContent({ ...piece, new: Object.fromEntries(own) }, 'import');
    }
    const items = at(after, list).asArray();
    expect(items.indexOf('relay')).toBe(items.indexOf('copy') + 1);
  });

  test('is not written twice', async () => {
    const map = group.createMap({});
    give(original, copy, [group, map]);
    at(copy, map).set('copy', 1);
    map.set('original', 1);
    const [fork] = await merge([map]);
    if (!fork) throw new Error('no fork');
    const count = () => copy.getCoValue(map.id).verifiedTransactions.length;
    const before = count();
    expect(rewriteAfterFork(copy, fork)).toBe(true);
    expect(count()).toBe(before);
  });
});

describe('findForks', () => {
  test.each([
    ['was not edited since', 0, 3],
    ['is behind', 1, 3],
    ['is ahead', 3, 1],
  ])('yields no forks if this device %s', (_, here, there) => {
    const map = group.createMap({});
    let written = 0;
    const writeUpTo = (count: number) => {
      while (written < count) map.set(`${++written}`, written);
    };
    const stages = [
      { node: copy, count: here },
      { node: relay, count: there },
    ].toSorted((a, b) => a.count - b.count);
    for (const { node, count } of stages) {
      writeUpTo(count);
      give(original, node, [group, map]);
    }
    expect(findForks(copy, relay, [map.id])).toEqual([]);
  });

  test('ignores what the relay does not have', () => {
    give(original, copy, [group]);
    const map = at(copy, group).createMap({ key: 1 });
    expect(findForks(copy, relay, [map.id, 'co_zUnknown'])).toEqual([]);
  });
});

async function createGuest() {
  const { node } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'Guest' },
    crypto: await createSessionCrypto(),
  });
  const account = node.expectCurrentAccount('a guest');
  for (const other of [original, copy, relay]) give(node, other, [account]);
  return { node, account };
}
