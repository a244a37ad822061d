import {
  cojsonInternals,
  LocalNode,
  type AgentID,
  type AgentSecret,
  type JsonValue,
  type RawCoID,
  type RawCoList,
  type RawCoPlainText,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRandom } from '../../../test/long/seeded-random.ts';
import { patchLateChanges } from './late-changes.ts';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';

const crypto = await WasmCrypto.create();
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

function openNode(secret: AgentSecret): LocalNode {
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

interface Place {
  readonly sessionID: string;
  readonly txIndex: number;
}

interface Change {
  readonly value?: string;
  readonly insertion?: Place & { readonly changeIdx: number };
}

/** An owner, their other device, and two writers, with a group and a list and a text of it. */
function openAll() {
  const secret = crypto.newRandomAgentSecret();
  const writers = [crypto.newRandomAgentSecret(), crypto.newRandomAgentSecret()].map(openNode);
  const [owner, watcher] = [openNode(secret), openNode(secret)];
  const group = owner.createGroup();
  for (const writer of writers) group.addMemberInternal(idOf(writer), 'writer');
  const ids = [group.id, group.createList(['first']).id, group.createPlainText('a').id] as const;
  const all = [owner, watcher, ...writers];
  for (const node of all) bring(owner, node, ...ids);
  return { owner, watcher, writers, all, ids };
}

function bring(from: LocalNode, to: LocalNode, ...ids: readonly RawCoID[]): void {
  for (const id of ids)
    for (const piece of from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? [])
      to.syncManager.handleNewContent(piece, 'import');
}

const idOf = (node: LocalNode) => node.getCurrentAgent().id as AgentID;
const contentOn = (node: LocalNode, id: RawCoID) => node.expectCoValueLoaded(id).getCurrentContent();
const groupOn = (node: LocalNode, id: RawCoID) => cojsonInternals.expectGroup(contentOn(node, id));
const listOn = (node: LocalNode, id: RawCoID) => contentOn(node, id) as RawCoList<string>;
const textOn = (node: LocalNode, id: RawCoID) => contentOn(node, id) as RawCoPlainText;
const later = () => vi.setSystemTime(Date.now() + 1_000);
/** cojson rebuilds contents in microtasks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A writer who cannot write for a while adds and deletes items without hearing of it, and adds more afterwards. */
async function writeInBetween() {
  const { owner, watcher, writers, ids } = openAll();
  const [groupID, listID, textID] = ids;
  const writer = writers[0] as LocalNode;
  const edit = (word: string) => {
    later();
    listOn(writer, listID).append(word);
    listOn(writer, listID).prepend(`${word}, before`);
    textOn(writer, textID).insertAfter(textOn(writer, textID).toString().length, word[0] ?? '');
  };
  later();
  groupOn(owner, groupID).addMemberInternal(idOf(writer), 'reader');
  edit('lost');
  listOn(writer, listID).delete(1);
  edit('lost, too');
  later();
  groupOn(owner, groupID).addMemberInternal(idOf(writer), 'writer');
  edit('kept');
  bring(owner, writer, groupID);
  // A list that is open already, as on the writer's device, and one that is opened now.
  listOn(watcher, listID);
  bring(writer, watcher, listID, textID);
  bring(owner, watcher, groupID);
  bring(writer, owner, listID, textID);
  await settle();
  return [owner, watcher, writer].map((node) => [
    listOn(node, listID).asArray().join(' · '),
    textOn(node, textID).toString(),
  ]);
}

it('stock cojson shows nothing behind an item that does not count', async () => {
  const [owner] = await writeInBetween();
  expect(owner).toEqual(['first', 'a']);
});

/** An item behind one that is not here, and one behind an item that is dated later; the first anchor arrives at last. */
async function writeBehindOthers() {
  const { owner, watcher, writers, ids } = openAll();
  const [, listID] = ids;
  const [one, other] = writers as [LocalNode, LocalNode];
  const add = (node: LocalNode, value: string, after: JsonValue, atMs?: number) =>
    node.getCoValue(listID).makeTransaction([{ op: 'app', value, after }], 'private', undefined, atMs);
  const placeOf = (node: LocalNode, txIndex: number) => ({
    sessionID: node.currentSessionID,
    txIndex,
    changeIdx: 0,
  });
  later();
  add(one, 'anchor', 'start');
  later();
  add(one, 'dated later', 'start', Date.now() + 60_000);
  later();
  add(other, 'behind one that is missing', placeOf(one, 0));
  later();
  add(other, 'behind one that is dated later', placeOf(one, 1));
  const shown = (node: LocalNode) => listOn(node, listID).asArray().join(' · ');
  listOn(watcher, listID);
  bring(other, watcher, listID);
  await settle();
  const without = shown(watcher);
  bring(one, watcher, listID);
  bring(one, owner, listID);
  bring(other, owner, listID);
  await settle();
  return { without, watcher: shown(watcher), owner: shown(owner) };
}

/** One writes behind an item that the other has not made yet, and the other one's item is then behind that. */
async function writeInCircle(isOneFirst: boolean) {
  const { owner, watcher, writers, ids } = openAll();
  const [, listID] = ids;
  const [one, other] = writers as [LocalNode, LocalNode];
  const add = (node: LocalNode, change: JsonValue) =>
    node.getCoValue(listID).makeTransaction([change], 'private');
  const placeOf = (node: LocalNode, txIndex: number) => ({
    sessionID: node.currentSessionID,
    txIndex,
    changeIdx: 0,
  });
  const shown = (node: LocalNode) => listOn(node, listID).asArray().join(' · ');
  listOn(watcher, listID);
  later();
  add(one, { op: 'app', value: 'oldest', after: placeOf(other, 1) });
  later();
  add(other, { op: 'pre', value: 'before it', before: placeOf(one, 0) });
  later();
  add(other, { op: 'pre', value: 'also before it', before: placeOf(one, 0) });
  for (const node of isOneFirst ? [one, other] : [other, one]) {
    bring(node, watcher, listID);
    shown(watcher);
    await settle();
  }
  bring(one, owner, listID);
  bring(other, owner, listID);
  await settle();
  later();
  add(other, { op: 'app', value: 'last', after: placeOf(other, 1) });
  for (const node of [owner, watcher]) bring(other, node, listID);
  return [shown(watcher), shown(owner)];
}

it('stock cojson shows nothing of items whose anchors are a circle', async () => {
  expect((await writeInCircle(true))[1]).toBe('first');
});

it('stock cojson shows nothing behind an item that is not here, or that is dated later', async () => {
  const { without, owner } = await writeBehindOthers();
  expect(without).toBe('first');
  expect(owner).not.toContain('behind one that is dated later');
});

it('[READ-5] the patch shows what counts behind an item that does not, and what only such an edit deletes', async () => {
  patchTieOrder();
  patchLateChanges();
  patchLists();
  patchLists();
  for (const shown of await writeInBetween()) expect(shown).toEqual(['kept, before · first · kept', 'ak']);
});

it('[READ-5] the patch shows them at the end, and in their places once their anchors are here', async () => {
  patchTieOrder();
  patchLateChanges();
  patchLists();
  const { without, watcher, owner } = await writeBehindOthers();
  expect(without).toBe('first · behind one that is missing · behind one that is dated later');
  expect(watcher).toBe(owner);
  expect(owner).toMatch(/anchor · behind one that is missing/);
  expect(owner).toMatch(/dated later · behind one that is dated later/);
});

it.each(Array.from({ length: 40 }, (_, n) => n + 1))(
  'every device shows the same list, whatever arrives first (seed %i)',
  async (seed) => {
    const between = createRandom(seed);
    const oneOf = <T>(from: readonly T[]) => from[between(0, from.length - 1)] as T;
    const { owner, watcher, writers, all, ids } = openAll();
    const [groupID, listID] = ids;
    for (let step = 0; step < 60; step++) {
      later();
      const node = oneOf(writers);
      const list = listOn(node, listID);
      const length = list.asArray().length;
      const kind = between(0, 9);
      if (kind < 3) list.append(`${step}`, length > 0 ? between(0, length - 1) : undefined);
      else if (kind < 5) list.prepend(`${step}`, length > 0 ? between(0, length - 1) : undefined);
      else if (kind < 6 && length > 0) list.delete(between(0, length - 1));
      else if (kind < 7) groupOn(owner, groupID).addMemberInternal(idOf(node), oneOf(['reader', 'writer']));
      else bring(oneOf(all), oneOf(all), oneOf([groupID, listID]));
      await settle();
    }
    for (const writer of writers) groupOn(owner, groupID).addMemberInternal(idOf(writer), 'writer');
    for (let round = 0; round < 2; round++)
      for (const from of all) for (const to of all) if (from !== to) bring(from, to, groupID, listID);
    await settle();
    const fresh = openNode(owner.agentSecret);
    bring(watcher, fresh, groupID, listID);
    const shown = [...all, fresh].map((node) => listOn(node, listID).asArray());
    for (const other of shown) expect(other).toEqual(shown[0]);
    // Nothing that counts is missing but what was deleted.
    const core = fresh.getCoValue(listID);
    const changes = core
      .getValidTransactions()
      .flatMap(({ changes, txID }) =>
        changes.map((change, changeIdx) => ({ ...(change as Change), txID, changeIdx })),
      );
    const keyOf = ({ sessionID, txIndex }: Place, changeIdx: number) =>
      `${sessionID} ${txIndex} ${changeIdx}`;
    const deleted = new Set(
      changes.flatMap(({ insertion }) => (insertion ? keyOf(insertion, insertion.changeIdx) : [])),
    );
    const expected = changes.flatMap(({ value, txID, changeIdx }) =>
      value === undefined || deleted.has(keyOf(txID, changeIdx)) ? [] : value,
    );
    expect(shown[0]?.toSorted()).toEqual(expected.toSorted());
  },
);

it.each([true, false])(
  '[READ-5] the patch shows items whose anchors are a circle at the end (oldest first: %s)',
  async (isOldestFirst) => {
    patchTieOrder();
    patchLateChanges();
    patchLists();
    for (const shown of await writeInCircle(isOldestFirst))
      expect(shown).toBe('first · also before it · last · before it · oldest');
  },
);
