import { LocalNode, RawCoList, type RawCoPlainText } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it } from 'vitest';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';

// What cojson gives to those who read a list or text, also while an edit of it is made.

const crypto = await WasmCrypto.create();
const { entriesUncached: walk } = RawCoList.prototype;
patchTieOrder();
patchLists();

function createGroup() {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto).createGroup();
}

/** Calls this once, while an edit is made. */
function duringEdit(of: RawCoList | RawCoPlainText, edit: () => void, read: () => void): void {
  let error: unknown;
  let isCalled = false;
  const end = of.core.subscribe(() => {
    if (isCalled) return;
    isCalled = true;
    // cojson logs what a listener throws.
    try {
      read();
    } catch (thrown) {
      error = thrown;
    }
  }, false);
  edit();
  end();
  expect(isCalled).toBe(true);
  if (error !== undefined) throw error as Error;
}

it('the entries of a list can be written as JSON', () => {
  const list = createGroup().createList(['a', 'b']);
  expect(JSON.stringify(list.entries())).toBe(JSON.stringify(walk.call(list)));
});

it('the entries of a list are what the walk finds, and no more', () => {
  const list = createGroup().createList(['a', 'b']);
  list.prepend('c', 1);
  expect(list.entries()).toEqual(walk.call(list));
});

it('entries read while an edit is made stay as they were', () => {
  const list = createGroup().createList(['a', 'b']);
  let kept: readonly { readonly value: unknown }[] = [];
  duringEdit(
    list,
    () => list.append('c'),
    () => (kept = list.entries()),
  );
  list.append('d');
  list.delete(0);
  expect(kept.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
});

it('entries read while an edit is made have the keys of an array', () => {
  const list = createGroup().createList(['a', 'b']);
  let found: unknown;
  duringEdit(
    list,
    () => list.append('c'),
    () => (found = [Object.keys(list.entries()), 0 in list.entries(), Object.values(list.entries()).length]),
  );
  expect(found).toEqual([['0', '1', '2'], true, 3]);
});

it('entries read while an edit is made can be joined with others, and cloned', () => {
  const list = createGroup().createList(['a', 'b']);
  let joined: readonly unknown[] = [];
  duringEdit(
    list,
    () => list.append('c'),
    () => {
      joined = ([] as unknown[]).concat(list.entries());
      structuredClone(list.entries());
    },
  );
  expect(joined.filter((entry) => entry !== undefined)).toHaveLength(3);
});

it('entries read twice while an edit is made are the same', () => {
  const list = createGroup().createList(['a', 'b']);
  let isSame = false;
  duringEdit(
    list,
    () => list.append('c'),
    () => (isSame = list.entries() === list.entries()),
  );
  expect(isSame).toBe(true);
});

it('the mapping of a text read while an edit is made is the one read afterwards', () => {
  const text = createGroup().createPlainText('abc');
  let read: unknown;
  duringEdit(
    text,
    () => text.insertAfter(2, 'd'),
    () => {
      const { opIDbeforeIdx, opIDafterIdx } = text.mapping;
      read = { before: [...opIDbeforeIdx], after: [...opIDafterIdx] };
    },
  );
  const { opIDbeforeIdx, opIDafterIdx } = text.mapping;
  expect(read).toEqual({ before: [...opIDbeforeIdx], after: [...opIDafterIdx] });
});

it('the mapping of a text read while an edit is made stays as it was', () => {
  const text = createGroup().createPlainText('abc');
  let kept: RawCoPlainText['mapping'] | undefined;
  duringEdit(
    text,
    () => text.insertAfter(2, 'd'),
    () => (kept = text.mapping),
  );
  const first = text.mapping.opIDafterIdx[0];
  text.deleteRange({ from: 0, to: 2 });
  expect(kept?.opIDafterIdx[0]).toEqual(first);
  expect(Object.keys(kept?.idxAfterOpID ?? {})).toHaveLength(4);
});
