import {
  LocalNode,
  type AgentSecret,
  type RawCoID,
  type RawCoList,
  type RawCoMap,
  type RawCoStream,
  type RawGroup,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';

const crypto = await WasmCrypto.create();
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

function openNode(secret: AgentSecret): LocalNode {
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

function give(from: LocalNode, to: LocalNode, ids: readonly RawCoID[]): void {
  for (const id of ids) {
    for (const piece of from.getCoValue(id).newContentSince(undefined) ?? []) {
      to.syncManager.handleNewContent(piece, 'import');
    }
  }
}

/** Two devices of one account edit a map, a list, a stream and a group in the same millisecond, then exchange the edits. */
function editAtOnce(): readonly (readonly [string, string])[] {
  const secret = crypto.newRandomAgentSecret();
  const [one, other] = [openNode(secret), openNode(secret)];
  const group = one.createGroup();
  const parent = one.createGroup();
  group.extend(parent);
  const ids = [
    parent.id,
    group.id,
    group.createMap({ key: 'first' }).id,
    group.createList(['first']).id,
    group.createStream().id,
  ] as const;
  give(one, other, ids);
  const on = (node: LocalNode) => ({
    parent: node.expectCoValueLoaded(ids[0]).getCurrentContent() as RawGroup,
    group: node.expectCoValueLoaded(ids[1]).getCurrentContent() as RawGroup,
    map: node.expectCoValueLoaded(ids[2]).getCurrentContent() as RawCoMap,
    list: node.expectCoValueLoaded(ids[3]).getCurrentContent() as RawCoList,
    stream: node.expectCoValueLoaded(ids[4]).getCurrentContent() as RawCoStream,
  });
  vi.setSystemTime(Date.now() + 1_000);
  for (const [node, word] of [
    [one, 'one'],
    [other, 'other'],
  ] as const) {
    on(node).map.set('key', word);
    on(node).list.append(word);
    on(node).stream.push(word);
  }
  on(one).group.extend(on(one).parent, 'reader');
  on(other).group.revokeExtend(on(other).parent);
  give(one, other, ids);
  give(other, one, ids);
  const shown = (node: LocalNode) => {
    const { map, list, stream, group: child } = on(node);
    const last = stream.lastItemBy(node.getCurrentAgent().id);
    return [map.get('key'), list.toJSON(), last?.value, child.getParentGroups().length].map((value) =>
      JSON.stringify(value),
    );
  };
  const ofOther = shown(other);
  return shown(one).map((value, index) => [value, ofOther[index] ?? '']);
}

it('stock cojson leaves two devices with different values', () => {
  for (const [one, other] of editAtOnce()) expect(one).not.toBe(other);
});

it('the patch gives both devices the same values', () => {
  patchTieOrder();
  patchTieOrder();
  patchLists();
  for (let time = 0; time < 10; time++) for (const [one, other] of editAtOnce()) expect(one).toBe(other);
});

it('the patch does not rebuild a list for several edits of one session in a millisecond', () => {
  patchTieOrder();
  patchLists();
  const list = openNode(crypto.newRandomAgentSecret()).createGroup().createList(['a']);
  for (const item of ['b', 'c', 'd']) list.append(item);
  expect([list.toJSON(), list.version]).toEqual([['a', 'b', 'c', 'd'], 0]);
});
