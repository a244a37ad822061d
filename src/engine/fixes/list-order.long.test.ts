import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cojsonInternals, LocalNode, RawCoList, type JsonValue, type OpID, type RawCoID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRandom, type Random } from '../../../test/long/seeded-random.ts';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';

const crypto = await WasmCrypto.create();
// cojson's own walk through what it has put next to what.
const { entriesUncached: walk } = RawCoList.prototype;
patchTieOrder();
patchLists();
// Each piece that belongs before others makes a list read all of them again.
cojsonInternals.setMaxRecommendedTxSize(2 ** 30);
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

const stockReader = join(import.meta.dirname, '../../../test/support/stock-lists.mjs');
/** Set MAIA_LIST_OPERATIONS for more: a million take some minutes. */
const operationCount = Number(process.env['MAIA_LIST_OPERATIONS'] ?? 200_000);
const perTransaction = 40;
const perExchange = 100_000 / perTransaction;

interface Device {
  readonly node: LocalNode;
  /** The items that it has. */
  items: OpID[];
}

it('shows what stock cojson shows, whatever two devices do at once', { timeout: 900_000 }, () => {
  const random = createRandom(Number(process.env['MAIA_SEED'] ?? 23));
  const [one, other]: [Device, Device] = [
    { node: openNode(), items: [] },
    { node: openNode(), items: [] },
  ];
  const devices = [one, other];
  const { id } = one.node.createCoValue({
    ...{ type: 'colist', ruleset: { type: 'unsafeAllowAll' }, meta: null },
    ...crypto.createdNowUnique(),
  });
  const lists = () => devices.map(({ node }) => listOn(node, id));
  const exchange = () => {
    for (const from of devices) for (const to of devices) if (from !== to) give(from.node, to.node, id);
    const all = [...new Set(devices.flatMap(({ items }) => items))];
    for (const device of devices) device.items = [...all];
  };
  exchange();
  const transactionCount = operationCount / perTransaction;
  for (let number = 1; number <= transactionCount; number++) {
    // At equal times, stock shows what arrived first.
    vi.setSystemTime(Date.now() + random(1, 3));
    const { node, items } = random(0, 1) ? one : other;
    // Before they exchange, some is next to what has not arrived yet.
    const isAhead = number % perExchange > perExchange * 0.98 && random(1, 10) === 1;
    const known = isAhead ? [...one.items, ...other.items] : items;
    const list = listOn(node, id);
    list.core.makeTransaction(randomChanges(list, { known, items }, random), 'trusting');
    list.processNewTransactions();
    if (number % perExchange !== 0 && number !== transactionCount) continue;
    for (const one of lists()) checkWalk(one);
    exchange();
    // From now on, each keeps its order.
    for (const one of lists()) one.get(0);
  }
  const shown = lists().map((list) => digest(list.toJSON()));
  expect(new Set(shown).size).toBe(1);
  expect(shown[0]).toBe(stockDigest(one.node, id));
});

function checkWalk(list: RawCoList): void {
  const key = ({ sessionID, txIndex, changeIdx }: OpID) => `${sessionID} ${txIndex} ${changeIdx}`;
  const keysOf = (entries: readonly { readonly opID: OpID }[]) => entries.map(({ opID }) => key(opID));
  const own = list.entries();
  expect(digest(keysOf(own))).toBe(digest(keysOf(walk.call(list))));
  expect(list.length()).toBe(own.length);
  for (const index of [0, own.length >> 1, own.length - 1]) expect(list.get(index)).toBe(own[index]?.value);
}

interface Items {
  /** What is edited is next to one of these. */
  readonly known: readonly OpID[];
  /** Gets what is added. */
  readonly items: OpID[];
}

function randomChanges(list: RawCoList, { known, items }: Items, random: Random): JsonValue[] {
  const { sessionID, txIndex } = list.core.nextTransactionID();
  return Array.from({ length: perTransaction }, (_, changeIdx) => {
    // Mostly near the last edits.
    const from = random(1, 3) > 1 ? Math.max(0, known.length - 100) : 0;
    const item = known[random(from, known.length - 1)];
    const kind = random(1, 100);
    if (item && kind <= 25) return { op: 'del', insertion: { ...item } };
    items.push({ sessionID, txIndex, changeIdx });
    const value = `${sessionID.slice(-4)} ${items.length}`;
    if (!item || kind <= 27) return { op: 'app', value, after: 'start' };
    if (kind <= 30) return { op: 'pre', value, before: 'end' };
    if (kind <= 80) return { op: 'app', value, after: { ...item } };
    return { op: 'pre', value, before: { ...item } };
  });
}

function openNode(): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

function give(from: LocalNode, to: LocalNode, id: RawCoID): void {
  for (const piece of from.getCoValue(id).newContentSince(to.getCoValue(id).knownState()) ?? [])
    to.syncManager.handleNewContent(piece, 'import');
}

function listOn(node: LocalNode, id: RawCoID): RawCoList {
  return node.expectCoValueLoaded(id).getCurrentContent() as RawCoList;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** By a process without our patches. */
function stockDigest(node: LocalNode, id: RawCoID): string {
  const file = join(mkdtempSync(join(tmpdir(), 'maia-lists-')), 'content.json');
  writeFileSync(file, JSON.stringify(node.getCoValue(id).newContentSince(undefined)));
  return execFileSync(process.execPath, [stockReader, file], { encoding: 'utf8' }).trim();
}
