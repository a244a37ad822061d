import { LocalNode, type RawCoList, type RawCoPlainText } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../../test/long/seeded-random.ts';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';

const crypto = await WasmCrypto.create();

beforeAll(() => {
  patchTieOrder();
  patchLists();
});

function openNode(): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

it('a list is edited like an array', () => {
  const random = createRandom(1);
  const list = openNode().createGroup().createList<RawCoList<number>>([]);
  const model: number[] = [];
  for (let value = 0; value < 2_000; value++) {
    const at = random(0, Math.max(0, model.length - 1));
    const kind = model.length === 0 ? 1 : random(1, 12);
    if (kind <= 3) {
      list.append(value);
      model.push(value);
    } else if (kind === 4) {
      list.append(value, at);
      model.splice(at + 1, 0, value);
    } else if (kind <= 6) {
      // Elsewhere, cojson shows the newest of those before an item first.
      list.prepend(value, 0);
      model.unshift(value);
    } else if (kind === 7) {
      list.prepend(value, model.length);
      model.push(value);
    } else if (kind <= 9) {
      list.appendItems([value, -value, value + 0.5], at);
      model.splice(at + 1, 0, value, -value, value + 0.5);
    } else if (kind === 10) {
      list.replace(at, value);
      model.splice(at, 1, value);
    } else {
      list.delete(at);
      model.splice(at, 1);
    }
    expect(list.length()).toBe(model.length);
    expect(list.get(at)).toBe(model[at]);
    if (value % 50 === 0) expect(list.toJSON()).toEqual(model);
  }
  expect(list.toJSON()).toEqual(model);
  list.rebuildFromCore();
  expect(list.toJSON()).toEqual(model);
});

it('a text is edited like a string', () => {
  const random = createRandom(2);
  const text = openNode().createGroup().createPlainText('start');
  let model = 'start';
  for (let count = 0; count < 1_000; count++) {
    const at = random(0, Math.max(0, model.length - 1));
    const kind = model.length === 0 ? 1 : random(1, 4);
    const word = ['a', 'bc', 'def'][count % 3] ?? '';
    if (kind === 1) {
      text.insertBefore(at, word);
      model = model.slice(0, at) + word + model.slice(at);
    } else if (kind === 2) {
      text.insertAfter(at, word);
      model = model.slice(0, at + 1) + word + model.slice(at + 1);
    } else {
      const to = Math.min(model.length, at + random(1, 4));
      text.deleteRange({ from: at, to });
      model = model.slice(0, at) + model.slice(to);
    }
    expect(text.length()).toBe(model.length);
    if (count % 50 === 0) expect(text.toString()).toBe(model);
  }
  expect(text.toString()).toBe(model);
});

it.each(['append', 'prepend'] as const)(
  'refuses to %s at an index that does not exist, and changes nothing',
  (how) => {
    const list = openNode().createGroup().createList(['only']);
    expect(() => list[how]('more', 5)).toThrow('Invalid index 5');
    expect(list.toJSON()).toEqual(['only']);
  },
);

it('refuses to delete a range beyond the end of a text', () => {
  const text = openNode().createGroup().createPlainText('abc');
  expect(() => text.deleteRange({ from: 2, to: 5 })).toThrow('Invalid idx to delete 3');
  expect(text.toString()).toBe('abc');
});

it('whoever is called while an edit is made sees the whole list and text', () => {
  const group = openNode().createGroup();
  const list = group.createList(['a', 'b']);
  const text: RawCoPlainText = group.createPlainText('ab');
  const seen: unknown[] = [];
  list.core.subscribe(
    () =>
      seen.push(
        list.entries().map(({ value }) => value),
        [...list.entries()].length,
      ),
    false,
  );
  text.core.subscribe(() => seen.push(text.toString(), Object.keys(text.mapping.idxAfterOpID).length), false);
  list.append('c');
  text.deleteRange({ from: 0, to: 1 });
  expect(seen.length).toBeGreaterThan(0);
  expect(list.toJSON()).toEqual(['a', 'b', 'c']);
  expect(text.toString()).toBe('b');
  for (const value of seen) expect([['a', 'b'], ['a', 'b', 'c'], 'ab', 'b', 1, 2, 3]).toContainEqual(value);
});

it('[READ-5] an edit of another device goes to its place without a walk through the list', () => {
  const [one, other] = [openNode(), openNode()];
  const core = one.createCoValue({
    ...{ type: 'colist', ruleset: { type: 'unsafeAllowAll' }, meta: null },
    ...crypto.createdNowUnique(),
  });
  const give = (from: LocalNode, to: LocalNode) => {
    for (const piece of from.getCoValue(core.id).newContentSince(to.getCoValue(core.id).knownState()) ?? [])
      to.syncManager.handleNewContent(piece, 'import');
  };
  const on = (node: LocalNode) => node.expectCoValueLoaded(core.id).getCurrentContent() as RawCoList;
  on(one).appendItems(
    Array.from({ length: 200 }, (_, index) => index),
    undefined,
    'trusting',
  );
  give(one, other);
  expect(on(other).length()).toBe(200);
  const appendAt = (index: number) => {
    on(one).append('new', index, 'trusting');
    give(one, other);
    return on(other).entries();
  };
  // Read again, and so kept.
  const before = appendAt(149);
  const after = appendAt(99);
  expect(after.map(({ value }) => value)).toEqual(on(one).toJSON());
  expect(after.filter((entry, index) => entry !== before[index < 100 ? index : index - 1])).toHaveLength(1);
});

it('shows the newest of those before an item first, as after it has read all of them again', () => {
  const list = openNode().createGroup().createList(['a', 'b']);
  list.prepend('x', 1);
  list.prepend('y', 2);
  expect(list.toJSON()).toEqual(['a', 'y', 'x', 'b']);
  list.rebuildFromCore();
  expect(list.toJSON()).toEqual(['a', 'y', 'x', 'b']);
});

it('a stream shows an item that is dated earlier before those that it has', () => {
  const stream = openNode().createGroup().createStream();
  stream.core.makeTransaction(['second'], 'private', undefined, Date.now() + 60_000);
  stream.processNewTransactions();
  stream.push('first');
  expect(Object.values(stream.items).map((items) => items.map(({ value }) => value))).toEqual([
    ['first', 'second'],
  ]);
});
