import {
  LocalNode,
  type AgentID,
  type JsonObject,
  type RawAccount,
  type RawCoMap,
  type RawGroup,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { earliestEditDate, latestCountingDate } from './counting-dates.ts';

const crypto = await WasmCrypto.create();
const soonMs = Date.now() + 60_000;
const farMs = Date.now() + 10 * 365 * 24 * 3_600_000;
let owner: LocalNode;
let account: RawAccount;
let group: RawGroup;
let map: RawCoMap;

beforeEach(async () => {
  ({ node: owner } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'owner' }, crypto }));
  account = owner.expectCurrentAccount('owner');
  group = owner.createGroup();
  map = group.createMap({ title: 'first' }, null, 'trusting');
});

afterEach(() => void vi.useRealTimers());

const latestOf = ({ core }: RawCoMap | RawGroup | RawAccount) => latestCountingDate(owner, core, Infinity);

/** Makes transactions as another agent that knows the CoValue, and brings them to the owner. */
function makeAs(
  stranger: LocalNode,
  coValue: RawCoMap | RawGroup | RawAccount,
  ...transactions: readonly {
    readonly change?: JsonObject;
    readonly meta?: JsonObject;
    readonly madeAt?: number;
  }[]
): void {
  bring(owner, stranger, account, group, coValue);
  const core = stranger.getCoValue(coValue.id);
  core.getCurrentContent();
  for (const { change, meta, madeAt = farMs } of transactions) {
    core.makeTransaction(change ? [change] : [], 'trusting', meta, madeAt);
  }
  bring(stranger, owner, coValue);
  owner.getCoValue(coValue.id).getCurrentContent();
}

function bring(
  from: LocalNode,
  to: LocalNode,
  ...coValues: readonly { readonly id: RawCoMap['id'] }[]
): void {
  for (const { id } of coValues) {
    for (const content of from.getCoValue(id).newContentSince(undefined) ?? []) {
      to.syncManager.handleNewContent(content, 'import');
    }
  }
}

function newStranger(): { readonly stranger: LocalNode; readonly me: AgentID } {
  const secret = crypto.newRandomAgentSecret();
  const me = crypto.getAgentID(secret);
  return { stranger: new LocalNode(secret, crypto.newRandomSessionID(me), crypto), me };
}

const set = (key: string, value: string): JsonObject => ({ op: 'set', key, value });

it('[CONF-10] is the latest of the CoValue, its group and the groups above', () => {
  expect(latestOf(map)).toBeLessThan(soonMs);
  map.core.makeTransaction([set('title', 'second')], 'trusting', undefined, soonMs);
  expect(latestOf(map)).toBe(soonMs);
  const parent = owner.createGroup();
  group.extend(parent);
  parent.core.makeTransaction([set('everyone', 'reader')], 'trusting', undefined, soonMs + 1);
  expect(latestOf(map)).toBe(soonMs + 1);
  expect(latestOf(group)).toBe(soonMs + 1);
  expect(latestOf(parent)).toBe(soonMs + 1);
});

it('no longer follows a group that is not a parent any more', () => {
  const parent = owner.createGroup();
  group.extend(parent);
  group.revokeExtend(parent);
  parent.core.makeTransaction([set('everyone', 'reader')], 'trusting', undefined, farMs);
  expect(latestOf(map)).toBeLessThan(soonMs);
});

it('is not decided by what anyone can make', () => {
  group.addMember('everyone', 'reader');
  const { stranger, me } = newStranger();
  const open = (id: string) => [
    { change: set(`writeKeyFor_${me}`, 'key_z1') },
    { change: set(`key_z1_for_${id}`, 'x') },
    { change: set(me, 'revoked') },
    { change: set('x', 'admin') },
  ];
  makeAs(stranger, group, ...open(group.id));
  makeAs(stranger, account, ...open(account.id));
  makeAs(stranger, map, { change: set('title', 'theirs') }, { meta: { branch: 'draft', ownerId: group.id } });
  // cojson accepts some of them.
  const valid = [group, account, map].map(({ core }) =>
    core.verifiedTransactions.filter(({ isValid, madeAt }) => isValid && madeAt === farMs),
  );
  expect(valid.map((transactions) => transactions.length > 0)).toEqual([true, true, true]);
  for (const coValue of [group, account, map]) expect(latestOf(coValue)).toBeLessThan(soonMs);
});

it('is not decided by what members write of themselves', () => {
  const { stranger, me } = newStranger();
  group.addMemberInternal(me, 'writeOnly');
  makeAs(stranger, group, { change: set(`writeKeyFor_${me}`, 'key_z1') }, { change: set(me, 'revoked') });
  expect(latestOf(group)).toBeLessThan(soonMs);
});

it('finds a new transaction that cojson sorts before others', () => {
  const { stranger } = newStranger();
  makeAs(stranger, group, ...Array.from({ length: 50 }, () => ({ change: set('x', 'admin') })));
  expect(latestOf(map)).toBeLessThan(soonMs);
  group.core.makeTransaction([set('everyone', 'writer')], 'trusting', undefined, soonMs);
  expect(latestOf(map)).toBe(soonMs);
});

it('follows an edit once the membership of its author arrives, and no longer once it turns out to be invalid', () => {
  const { stranger, me } = newStranger();
  makeAs(stranger, map, { change: set('title', 'theirs'), madeAt: farMs });
  expect(latestOf(map)).toBeLessThan(soonMs);
  group.core.makeTransaction([set(me, 'writer')], 'trusting', undefined, soonMs);
  expect(latestOf(map)).toBe(farMs);
  group.core.makeTransaction([set(me, 'revoked')], 'trusting', undefined, soonMs + 1);
  expect(latestOf(map)).toBe(soonMs + 1);
});

it('ignores what is later than the given date, until that is later, too', () => {
  const dates = [soonMs, farMs, farMs + 1, Number.MAX_SAFE_INTEGER, Infinity];
  for (const dateMs of dates) map.core.makeTransaction([set('title', 'x')], 'trusting', undefined, dateMs);
  const until = (untilMs: number) => latestCountingDate(owner, map.core, untilMs);
  expect(until(Date.now())).toBeLessThan(soonMs);
  for (const dateMs of [soonMs, farMs, farMs + 1]) expect(until(dateMs)).toBe(dateMs);
  expect(until(farMs + 2)).toBe(farMs + 1);
});

it('follows a clock that is set back', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: farMs });
  map.core.makeTransaction([set('title', 'x')], 'trusting', undefined, farMs);
  expect(latestOf(map)).toBe(farMs);
  vi.setSystemTime(soonMs);
  expect(latestCountingDate(owner, map.core, soonMs)).toBeLessThan(soonMs);
});

it('[CONF-10] an edit may have the date of its own session’s latest, but not of another’s', () => {
  const { stranger, me } = newStranger();
  group.addMemberInternal(me, 'writer');
  const dateFor = (node: LocalNode) => earliestEditDate(owner, map.core, node.currentSessionID, Infinity);
  map.core.makeTransaction([set('title', 'second')], 'trusting', undefined, soonMs);
  expect([dateFor(owner), dateFor(stranger)]).toEqual([soonMs, soonMs + 1]);
  makeAs(stranger, map, { change: set('title', 'theirs'), madeAt: soonMs });
  expect([dateFor(owner), dateFor(stranger)]).toEqual([soonMs + 1, soonMs + 1]);
  map.core.makeTransaction([set('title', 'third')], 'trusting', undefined, soonMs + 1);
  map.core.makeTransaction([set('title', 'fourth')], 'trusting', undefined, soonMs + 1);
  expect([dateFor(owner), dateFor(stranger)]).toEqual([soonMs + 1, soonMs + 2]);
});

it('reads only what is new of a group, also if it is large', () => {
  latestOf(group);
  const [early] = group.core.verifiedTransactions;
  const { currentMadeAt } = early ?? {};
  let reads = 0;
  Object.defineProperty(early, 'currentMadeAt', { get: () => (reads++, currentMadeAt) });
  group.set('profile', map.id, 'trusting');
  const before = reads;
  expect(latestOf(group)).toBeGreaterThanOrEqual(currentMadeAt ?? Infinity);
  expect(reads).toBe(before);
});
