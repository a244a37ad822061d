import type {
  JsonObject,
  LocalNode,
  RawBinaryCoStream,
  RawCoList,
  RawCoMap,
  RawCoPlainText,
  RawCoStream,
  RawGroup,
  SessionID,
} from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  attacker,
  give,
  idOf,
  kernelNodes,
  memberOf,
  newSecret,
  nextMoment,
} from '../../../test/guard/nodes.ts';
import { sessionsOf } from '../content.ts';
import { rewriteAfterFork } from '../../session/session-ids/rewrite-after-fork.ts';
import { until } from '../../../test/support/until.ts';

// Alice's device has written something again under another session, because a relay has a replay at its first place. Another
// relay has it at that place, too. Her other device and Bob get the one and the other in any order.

type Value = RawCoList | RawCoMap | RawCoStream | RawBinaryCoStream | RawCoPlainText;

let alice: LocalNode;
let tablet: LocalNode;
let bob: LocalNode;
let group: RawGroup;
let firstID: SessionID;
beforeEach(async () => {
  const secret = newSecret();
  [alice, tablet] = [await kernelNodes.honest(secret), await kernelNodes.honest(secret)];
  bob = await kernelNodes.honest();
  firstID = alice.currentSessionID;
  group = alice.createGroup();
  group.addMember(memberOf(bob), 'writer');
});

const at = <T extends Value>(node: LocalNode, { id }: T) =>
  node.expectCoValueLoaded(id).getCurrentContent() as T;

/** As after a replay. */
function writeAgain({ id }: Value, node = alice): void {
  const { currentSessionID: sessionID } = node;
  Object.assign(node, { currentSessionID: node.crypto.newRandomSessionID(idOf(node)) });
  const count = node.getCoValue(id).verified?.getTransactionsCount(sessionID) ?? 0;
  expect(rewriteAfterFork(node, { id, sessionID, from: 0, count })).toBe(true);
}

/** Some sessions of a value only. */
function giveSessions(
  to: LocalNode,
  from: LocalNode,
  { id }: Value,
  isGiven: (sessionID: string) => boolean,
) {
  for (const content of from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? []) {
    const sessions = sessionsOf(content).filter(([sessionID]) => isGiven(sessionID));
    to.syncManager.handleNewContent(
      structuredClone({ ...content, new: Object.fromEntries(sessions) }),
      'import',
    );
  }
}

const itemsOf = (node: LocalNode, stream: RawCoStream) =>
  Object.values(at(node, stream).items)
    .flat()
    .map(({ value }) => value as string)
    .toSorted();
const isFirst = (sessionID: string) => sessionID === firstID;
const isAgain = (sessionID: string) => sessionID !== firstID;
const settle = () => new Promise((resolve) => setImmediate(resolve));

type Order = 'the first place first' | 'the first place last' | 'both at once';
const orders: readonly Order[] = ['the first place first', 'the first place last', 'both at once'];

/** Reads the value after each part. */
async function receive(to: LocalNode, value: Value, order: Order): Promise<void> {
  give(to, alice, group);
  const parts =
    order === 'both at once'
      ? [() => true]
      : order === 'the first place first'
        ? [isFirst, isAgain]
        : [isAgain, isFirst];
  for (const isGiven of parts) {
    giveSessions(to, alice, value, isGiven);
    at(to, value).toJSON();
  }
  await settle();
}

describe.each(orders)('what was written again, with %s', (order) => {
  it('[READ-6] is in a list once', async () => {
    const list = group.createList<RawCoList>(['a']);
    list.append('b');
    list.append('c', 0);
    list.append('gone');
    list.delete(3);
    const shown = list.asArray();
    writeAgain(list);
    list.append('d');
    for (const node of [tablet, bob]) {
      await receive(node, list, order);
      expect(at(node, list).asArray()).toEqual([...shown, 'd']);
      // As after a change of roles.
      node.getCoValue(list.id).resetParsedTransactions();
      at(node, list).rebuildFromCore();
      expect(at(node, list).asArray()).toEqual([...shown, 'd']);
    }
    expect(list.asArray()).toEqual([...shown, 'd']);
  });

  it('[READ-6] is in a text once', async () => {
    const text = group.createPlainText('Hello');
    text.insertAfter(4, ' there');
    writeAgain(text);
    text.insertAfter(10, '!');
    await receive(bob, text, order);
    expect(at(bob, text).toString()).toBe('Hello there!');
    expect(text.toString()).toBe('Hello there!');
  });

  it('[READ-6] is in a stream once, and the same that was written twice is there twice', async () => {
    const stream = group.createStream<RawCoStream>();
    for (const item of ['a', 'b', 'b']) stream.push(item);
    writeAgain(stream);
    stream.push('c');
    await receive(bob, stream, order);
    at(bob, stream).rebuildFromCore();
    for (const node of [alice, bob]) expect(itemsOf(node, stream)).toEqual(['a', 'b', 'b', 'c']);
  });

  it('[READ-6] is in a file once', async () => {
    const file = group.createBinaryStream<RawBinaryCoStream>();
    file.startBinaryStream({ mimeType: 'a/b', fileName: 'c' });
    for (const byte of [1, 2]) file.pushBinaryStreamChunk(new Uint8Array([byte]));
    file.endBinaryStream();
    writeAgain(file);
    await receive(bob, file, order);
    const bytes = at(bob, file)
      .getBinaryChunks()
      ?.chunks.flatMap((chunk) => [...chunk]);
    expect(bytes).toEqual([1, 2]);
  });

  it('[READ-6] is among the edits of a map once', async () => {
    const map = group.createMap({ a: 1 });
    map.set('a', 2);
    writeAgain(map);
    await receive(bob, map, order);
    for (const node of [alice, bob])
      expect([...at(node, map).editsAt('a')].map(({ value }) => value)).toEqual([1, 2]);
  });
});

describe('an item of a stream that was written again', () => {
  it('[READ-6] is there once if two devices have each written it again', () => {
    const stream = group.createStream<RawCoStream>();
    stream.push('a');
    give(tablet, alice, group, stream);
    Object.assign(tablet, { currentSessionID: firstID });
    for (const node of [alice, tablet]) writeAgain(stream, node);
    give(bob, alice, group);
    const isOf = (node: LocalNode) => (sessionID: string) => sessionID === node.currentSessionID;
    giveSessions(bob, alice, stream, isOf(alice));
    at(bob, stream);
    giveSessions(bob, alice, stream, isFirst);
    at(bob, stream);
    giveSessions(bob, tablet, stream, isOf(tablet));
    expect(itemsOf(bob, stream)).toEqual(['a']);
    at(bob, stream).rebuildFromCore();
    expect(itemsOf(bob, stream)).toEqual(['a']);
  });

  it('[READ-6] stays beside what another device wrote at its first place in the same millisecond', async () => {
    const stream = group.createStream<RawCoStream>();
    const copy = await kernelNodes.honest(alice.agentSecret);
    Object.assign(copy, { currentSessionID: firstID });
    give(copy, alice, group, stream);
    const nowMs = Date.now();
    for (const [node, item] of [
      [alice, 'a'],
      [copy, 'b'],
    ] as const)
      node.getCoValue(stream.id).makeTransaction([item], 'private', undefined, nowMs);
    writeAgain(stream);
    give(bob, copy, group, stream);
    give(bob, alice, stream);
    expect(itemsOf(bob, stream)).toEqual(['a', 'b']);
  });

  it('[READ-6] is there as it was first if the second does not count', async () => {
    const carol = await kernelNodes.honest();
    group.addMember(memberOf(carol), 'reader');
    const stream = group.createStream<RawCoStream>();
    give(bob, alice, group, stream);
    const { currentSessionID } = bob;
    at(bob, stream).push('a');
    await nextMoment();
    give(carol, alice, group);
    group.removeMember(memberOf(bob));
    await nextMoment();
    writeAgain(stream, bob);
    giveSessions(carol, bob, stream, (sessionID) => sessionID !== currentSessionID);
    at(carol, stream);
    giveSessions(carol, bob, stream, () => true);
    expect(at(carol, stream).items).toHaveProperty([currentSessionID], [expect.anything()]);
    give(carol, alice, group);
    await settle();
    expect(itemsOf(carol, stream)).toEqual(['a']);
  });
});

it('[READ-6] a stream shows an item once if two copies arrive before it, or if one of them does not count', async () => {
  const [carol, mallory] = [await kernelNodes.honest(), attacker()];
  for (const [node, role] of [
    [carol, 'reader'],
    [mallory, 'writer'],
  ] as const)
    group.addMember(memberOf(node), role);
  const stream = group.createStream<RawCoStream>();
  for (const node of [mallory, carol]) give(node, alice, group, stream);
  const core = mallory.getCoValue(stream.id);
  const sessionIDs: SessionID[] = [];
  const write = (meta?: JsonObject) => {
    sessionIDs.push(mallory.currentSessionID);
    core.makeTransaction(['a'], 'private', meta);
    Object.assign(mallory, { currentSessionID: mallory.crypto.newRandomSessionID(idOf(mallory)) });
  };
  write();
  const madeAt = core.verified?.getSession(sessionIDs[0] as SessionID)?.transactions[0]?.madeAt ?? 0;
  for (const isRemoved of [false, true]) {
    await nextMoment();
    if (isRemoved) group.removeMember(memberOf(mallory));
    const nowMs = await nextMoment();
    core.makeTransaction(
      ['a'],
      'private',
      { s: sessionIDs[0] as SessionID, mi: 0, t: nowMs - madeAt },
      nowMs,
    );
    sessionIDs.push(mallory.currentSessionID);
    Object.assign(mallory, { currentSessionID: mallory.crypto.newRandomSessionID(idOf(mallory)) });
  }
  const shown: unknown[] = [];
  for (const order of [
    [0, 1, 2],
    [1, 2, 0],
    [2, 1, 0],
    [2, 0, 1],
  ]) {
    const node = await kernelNodes.honest(carol.agentSecret);
    give(node, carol, group, stream);
    for (const index of order) {
      giveSessions(node, mallory, stream, (sessionID) => sessionID === sessionIDs[index]);
      at(node, stream).toJSON();
    }
    at(node, stream).rebuildFromCore();
    const before = itemsOf(node, stream);
    give(node, alice, group);
    await settle();
    shown.push([before, itemsOf(node, stream)]);
  }
  expect(shown).toEqual(shown.map(() => [['a'], ['a']]));
});

describe('an item that was written again', () => {
  let list: RawCoList;
  beforeEach(() => {
    list = group.createList<RawCoList>(['a']);
    list.append('b');
  });

  it('[READ-6] is found by members who have only the one or the other', async () => {
    const carol = await kernelNodes.honest();
    group.addMember(memberOf(carol), 'writer');
    give(bob, alice, group);
    giveSessions(bob, alice, list, isFirst);
    writeAgain(list);
    give(carol, alice, group);
    giveSessions(carol, alice, list, isAgain);
    expect(at(carol, list).asArray()).toEqual(['a', 'b']);
    at(bob, list).append('by Bob', 0);
    at(carol, list).append('by Carol', 1);
    at(bob, list).delete(2);
    for (const node of [bob, carol]) giveSessions(alice, node, list, () => true);
    await settle();
    expect(list.asArray()).toEqual(['a', 'by Bob', 'by Carol']);
    await receive(tablet, list, 'both at once');
    expect(at(tablet, list).asArray()).toEqual(['a', 'by Bob', 'by Carol']);
  });

  it('[READ-6] is named so that members who lack its first place find it', async () => {
    const carol = await kernelNodes.honest();
    group.addMember(memberOf(carol), 'reader');
    writeAgain(list);
    await receive(bob, list, 'the first place first');
    at(bob, list).append('c', 0);
    at(bob, list).delete(2);
    give(carol, alice, group);
    giveSessions(carol, alice, list, isAgain);
    giveSessions(carol, bob, list, (sessionID) => sessionID === bob.currentSessionID);
    expect(at(bob, list).asArray()).toEqual(['a', 'c']);
    expect(at(carol, list).asArray()).toEqual(['a', 'c']);
  });

  it('[READ-6] is found in a branch that was made by its first place', () => {
    give(bob, alice, group, list);
    const draft = at(bob, list).core.createBranch('draft').getCurrentContent() as RawCoList;
    draft.append('c', 0);
    writeAgain(list);
    give(bob, alice, list);
    at(bob, list).toJSON();
    draft.append('d', 1);
    expect(draft.asArray()).toEqual(['a', 'c', 'd', 'b']);
  });

  it('[READ-6] stays beside what another device wrote at its first place', async () => {
    const copy = await kernelNodes.honest(alice.agentSecret);
    Object.assign(copy, { currentSessionID: firstID });
    give(copy, alice, group);
    writeAgain(list);
    // The copy of the browser profile has never seen the list's items.
    const { header } = list.core.verified;
    const of = copy.createCoValue(header);
    (of.getCurrentContent() as RawCoList).append('by the copy');
    give(bob, alice, group);
    giveSessions(bob, copy, list, isFirst);
    giveSessions(bob, alice, list, isAgain);
    expect(at(bob, list).asArray().toSorted()).toEqual(['a', 'b', 'by the copy']);
  });

  it('[READ-6] is found by its other name even if the rewritten edit does not count', async () => {
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writer');
    for (const node of [bob, mallory]) give(node, alice, group, list);
    const core = mallory.getCoValue(list.id);
    const { currentSessionID } = mallory;
    core.makeTransaction(
      [
        { op: 'app', value: 'x', after: 'start' },
        { op: 'app', value: 'y', after: 'start' },
      ],
      'private',
    );
    const [tx] = core.verified?.getSession(currentSessionID)?.transactions ?? [];
    if (!tx) throw new Error('nothing');
    await nextMoment();
    group.removeMember(memberOf(mallory));
    const nowMs = await nextMoment();
    Object.assign(mallory, { currentSessionID: mallory.crypto.newRandomSessionID(idOf(mallory)) });
    const meta = { s: currentSessionID, mi: 0, t: nowMs - tx.madeAt, b: mallory.crypto.shortHash(tx) };
    core.makeTransaction(
      [
        { op: 'app', value: 'x', after: 'start' },
        { op: 'app', value: 'y', after: 'start' },
      ],
      'private',
      meta,
      nowMs,
    );
    // Bob does not know of the removal, and both are there for him.
    give(bob, mallory, list);
    const shown = at(bob, list).asArray();
    at(bob, list).append('by Bob', shown.indexOf('y'));
    at(bob, list).delete(shown.indexOf('x'));
    for (const node of [mallory, bob]) give(alice, node, list);
    give(bob, alice, group, list);
    await settle();
    // Alice has never seen the name.
    list.append('by Alice', list.asArray().indexOf('y'));
    give(bob, alice, list);
    await receive(tablet, list, 'both at once');
    for (const node of [alice, bob, tablet]) {
      expect(at(node, list).asArray().toSorted()).toEqual(['a', 'b', 'by Alice', 'by Bob', 'y']);
      expect(at(node, list).asArray()).toEqual(list.asArray());
    }
  });

  it('[READ-6] is not hidden by somebody else’s that names its place', async () => {
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writer');
    give(mallory, alice, group, list);
    const core = mallory.getCoValue(list.id);
    const [tx] = alice.getCoValue(list.id).verified?.getSession(firstID)?.transactions ?? [];
    if (!tx) throw new Error('nothing');
    const meta = { s: firstID, mi: 0, t: Date.now() - tx.madeAt, b: mallory.crypto.shortHash(tx) };
    core.makeTransaction([{ op: 'app', value: 'other', after: 'start' }], 'private', meta);
    give(bob, mallory, group, list);
    give(bob, alice, list);
    await until(() => expect(at(bob, list).asArray().toSorted()).toEqual(['a', 'b', 'other']));
  });

  it('[READ-6] is the same on every device, whatever else its author names so', async () => {
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'writer');
    give(mallory, alice, group, list);
    const core = mallory.getCoValue(list.id);
    const sessionIDs = [mallory.currentSessionID];
    const write = (value: string, meta?: JsonObject, atMs?: number) =>
      core.makeTransaction([{ op: 'app', value, after: 'start' }], 'private', meta, atMs);
    write('first');
    const [tx] = core.verified?.getSession(mallory.currentSessionID)?.transactions ?? [];
    if (!tx) throw new Error('nothing');
    const meta = { s: mallory.currentSessionID, mi: 0, t: 1, b: mallory.crypto.shortHash(tx) };
    for (const value of ['second', 'third']) {
      const sessionID = mallory.crypto.newRandomSessionID(idOf(mallory));
      sessionIDs.push(sessionID);
      Object.assign(mallory, { currentSessionID: sessionID });
      write(value, meta, tx.madeAt + 1);
    }
    const shown = new Set<string>();
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const node = await kernelNodes.honest(alice.agentSecret);
      give(node, alice, group, list);
      for (const index of order) {
        giveSessions(node, mallory, list, (sessionID) => sessionID === sessionIDs[index]);
        at(node, list).toJSON();
      }
      shown.add(JSON.stringify(at(node, list).asArray()));
    }
    expect([...shown]).toEqual([expect.stringMatching(/^\["a","b","(first|second|third)"\]$/)]);
  });
});
