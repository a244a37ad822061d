import { LocalNode, type AgentSecret, type RawCoID, type RawCoList, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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

/** Two devices of one account edit a map and a list in the same millisecond, then exchange the edits. */
function editAtOnce(): readonly (readonly [string, string])[] {
  const secret = crypto.newRandomAgentSecret();
  const [one, other] = [openNode(secret), openNode(secret)];
  const group = one.createGroup();
  const ids = [group.id, group.createMap({ key: 'first' }).id, group.createList(['first']).id] as const;
  give(one, other, ids);
  const on = (node: LocalNode) => ({
    map: node.expectCoValueLoaded(ids[1]).getCurrentContent() as RawCoMap,
    list: node.expectCoValueLoaded(ids[2]).getCurrentContent() as RawCoList,
  });
  vi.setSystemTime(Date.now() + 1_000);
  for (const [node, word] of [
    [one, 'one'],
    [other, 'other'],
  ] as const) {
    on(node).map.set('key', word);
    on(node).list.append(word);
  }
  give(one, other, ids);
  give(other, one, ids);
  const shown = (node: LocalNode) =>
    [on(node).map.get('key'), on(node).list.toJSON()].map((value) => JSON.stringify(value));
  const [mapOfOne = '', listOfOne = ''] = shown(one);
  const [mapOfOther = '', listOfOther = ''] = shown(other);
  return [
    [mapOfOne, mapOfOther],
    [listOfOne, listOfOther],
  ];
}

it('stock cojson leaves two devices with different values', () => {
  for (const [one, other] of editAtOnce()) expect(one).not.toBe(other);
});

it('the patch gives both devices the same values', () => {
  patchTieOrder();
  patchTieOrder();
  for (let time = 0; time < 10; time++) for (const [one, other] of editAtOnce()) expect(one).toBe(other);
});
