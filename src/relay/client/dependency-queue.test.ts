import type { CoValueCore, SyncMessage } from 'cojson';
import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Content } from '../../engine/content.ts';
import { createRelayNode } from '../../engine/create-node.ts';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { createReader, describeStorage } from '../../../test/support/relay/test-storage.ts';
import {
  createDependencyQueue,
  maxWaitingMessages,
  waitForDependencyMs,
  waitForGroupMs,
} from './dependency-queue.ts';
import { until } from '../../../test/support/until.ts';

const ghost = 'co_zGhost1111111111111111';

function contentsOf(core: CoValueCore): Content[] {
  return core.newContentSince(undefined) ?? [];
}

function byGhost(message: Content, author = ghost): Content {
  const [content] = Object.values(message.new);
  return { ...message, new: { [`${author}_session_z1111`]: content } as Content['new'] };
}

describeStorage(({ open }) => {
  async function setUp(maxBytes = 1_000_000, mayName: (id: string) => boolean = () => true) {
    const owner = await createClientNode();
    const map = owner.createGroup().createMap({ word: 'first' });
    const node = createReader(open());
    const clock = createFakeClock();
    const passed: string[] = [];
    const dropped: [id: string, missing: string | undefined][] = [];
    const gaveUp = vi.fn();
    const waiting = createDependencyQueue({
      node,
      peer: () => undefined,
      maxBytes,
      mayName,
      isTakenDown: () => false,
      isBarred: () => false,
      readBeginnings: () => undefined,
      clock,
      pass(message: SyncMessage) {
        passed.push(message.action === 'content' ? message.id : message.action);
        if (message.action === 'content') node.syncManager.handleNewContent(message, 'import');
      },
      hasHandledAll: () => true,
      unreadable() {},
      dropped: (message, missing) => void dropped.push([message.id, missing]),
      gaveUp,
      holds() {},
      lookedUp() {},
    });
    const account = owner.getCoValue(owner.expectCurrentAccountID('test'));
    const [content] = contentsOf(map.core);
    if (!content) throw new Error('There is no content.');
    return { owner, map, account, node, clock, passed, dropped, gaveUp, waiting, content };
  }

  it('passes content on in order once its dependencies arrive', async () => {
    const { map, account, waiting, passed, dropped } = await setUp();
    for (const piece of [...contentsOf(map.core), ...contentsOf(map.group.core)]) waiting.take(piece);
    expect(passed).toEqual([]);
    for (const piece of contentsOf(account)) waiting.take(piece);
    await until(() => expect(passed).toEqual([account.id, map.group.id, map.id]));
    expect(dropped).toEqual([]);
  });

  it('[RELAY-22] passes on a group without a member that nobody has, after the same time', async () => {
    createRelayNode(crypto); // Makes cojson load groups as it does in a relay.
    const { map, account, waiting, passed, dropped, gaveUp, clock } = await setUp();
    map.group.set(ghost as 'everyone', 'reader', 'trusting');
    for (const piece of [account, map.group.core, map.core].flatMap(contentsOf)) waiting.take(piece);
    clock.advance(waitForDependencyMs - 1);
    expect(passed).toEqual([account.id]);
    clock.advance(1);
    expect(passed).toContain(map.group.id);
    await until(() => expect(passed).toEqual([account.id, map.group.id, map.id]));
    expect([dropped, clock.waiting]).toEqual([[], 1]);
    expect(gaveUp).toHaveBeenCalledWith(ghost);
    clock.advance(waitForGroupMs);
    expect([dropped, clock.waiting]).toEqual([[], 0]);
  });

  it('[RELAY-17] content that names many members is read again only once all of them have arrived', async () => {
    const mayName = vi.fn<(id: string) => boolean>(() => true);
    const { map, account, waiting, passed } = await setUp(1_000_000, mayName);
    const members: CoValueCore[] = [];
    for (let count = 0; count < 3; count++) {
      const member = await createClientNode();
      members.push(member.getCoValue(member.expectCurrentAccountID('test')));
    }
    for (const { id } of members) map.group.set(id as 'everyone', 'reader', 'trusting');
    const timesRead = () => mayName.mock.calls.filter(([id]) => id === map.group.id).length;
    for (const piece of [account, map.group.core].flatMap(contentsOf)) waiting.take(piece);
    await until(() => expect(timesRead()).toBe(1));
    for (const [place, member] of members.entries()) {
      expect(timesRead()).toBe(1);
      for (const piece of contentsOf(member)) waiting.take(piece);
      await until(() => expect(passed).toContain(member.id));
      expect(passed.includes(map.group.id)).toBe(place === members.length - 1);
    }
  });

  it('drops content that waits too long and passes on what is queued behind it', async () => {
    const { map, account, waiting, passed, dropped, gaveUp, clock, content } = await setUp();
    for (const piece of [account, map.group.core].flatMap(contentsOf)) waiting.take(piece);
    waiting.take(byGhost(content));
    clock.advance(waitForDependencyMs - 1);
    waiting.take(content);
    expect(passed).not.toContain(map.id);
    clock.advance(1);
    expect(dropped).toEqual([[map.id, ghost]]);
    expect(gaveUp).toHaveBeenCalledWith(ghost);
    expect(passed.at(-1)).toBe(map.id);
    expect(clock.waiting).toBe(0);
  });

  it('drops the oldest content if too many messages wait', async () => {
    const { waiting, dropped, content } = await setUp(Infinity);
    for (let count = 0; count <= maxWaitingMessages; count++) waiting.take(byGhost(content));
    expect(dropped).toHaveLength(1);
  });

  it('drops the oldest content if too many bytes wait', async () => {
    const { waiting, dropped, content, account, map } = await setUp(2_000);
    for (const piece of [account, map.group.core].flatMap(contentsOf)) waiting.take(piece);
    const authors = ['A', 'B', 'C', 'D'].map((letter) => `${ghost}${letter}`);
    for (const author of authors) waiting.take(byGhost(content, author));
    expect(dropped.map(([, missing]) => missing)).toContain(authors[0]);
    expect(dropped.length).toBeLessThan(authors.length);
  });

  it('discards waiting content when the connection ends', async () => {
    const { waiting, dropped, gaveUp, clock, content, node } = await setUp();
    waiting.take(byGhost(content));
    waiting.close();
    clock.advance(waitForDependencyMs);
    expect(dropped).toEqual([]);
    expect(gaveUp).toHaveBeenCalledWith(ghost);
    await until(() => expect(node.getCoValue(ghost).listeners.size).toBe(0));
  });
});
