import { type CoValueSync } from '@MaiaOS/kernel';
import { type CoID, LocalNode, type RawCoMap, WasmCrypto } from '@MaiaOS/kernel/cojson';
import { readable } from 'svelte/store';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { parseInviteLink, inviteLink, type Invite } from './invite-link.ts';
import { type ListView } from './list-view.ts';
import { joinList } from './join-list.ts';
import { makeAgain, type NotCounted, readNotCounted, watchEdits, watchNotCounted } from './not-counted.ts';
import { createTestNetwork, type TestDevice, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let ana: TestDevice;
let mara: TestDevice;
let id: string;
let ids: readonly string[];

/** Mara joins Ana's list, and edits it offline after Ana has removed her. */
beforeEach(async () => {
  network = await createTestNetwork();
  ana = await network.newAccount();
  mara = await network.newAccount();
  id = ana.lists.add('Cabin');
  for (const text of ['Firewood', 'Soap', 'Rope']) ana.edit.addItem(id, text);
  ana.connect();
  mara.connect();
  await joinList(mara.node, mara.lists, invite());
  await until(() => expect(mara.texts(id)).toEqual(['Firewood', 'Soap', 'Rope']));
  await until(() => expect(ana.list(id)?.members).toHaveLength(2));

  mara.disconnect();
  ana.edit.removeMember(id, mara.account.id);
  const matches = mara.edit.addItem(id, 'Matches');
  ids = [id, matches, ...(mara.list(id)?.items.map((item) => item.id) ?? [])];
  mara.edit.setText(mara.itemID(id, 'Firewood'), 'Wood');
  await until(() => expect(mara.texts(id)).toContain('Wood'));
  mara.edit.setText(mara.itemID(id, 'Wood'), 'Dry wood');
  mara.edit.setDone(mara.itemID(id, 'Soap'), true);
  mara.edit.moveItem(id, mara.itemID(id, 'Rope'), 0);
  mara.edit.removeItem(id, mara.itemID(id, 'Rope'));
  mara.edit.rename(id, 'Cabin in May');
  mara.connect();
  await until(() => expect(mara.list(id)?.state).toBe('closed'));
});

function invite(): Invite {
  const secret = ana.edit.inviteSecret(id);
  const parsed = parseInviteLink(inviteLink('https://lists.example/', { listID: id, secret }));
  if (!parsed) throw new Error('The link is not parsed as a link.');
  return parsed;
}

/** cojson's verdicts, as the kernel reports them. */
function verdicts({ node }: TestDevice): ReadonlyMap<string, CoValueSync['notCounted']> {
  const byID = new Map<string, CoValueSync['notCounted']>();
  for (const ofID of ids) {
    const edits = node
      .getCoValue(ofID as CoID<RawCoMap>)
      .verifiedTransactions.filter(
        ({ txID, isValid }) => txID.sessionID === node.currentSessionID && !isValid,
      )
      .map(({ txID, madeAt }) => ({
        sessionID: txID.sessionID,
        index: txID.txIndex,
        madeAt,
        reason: 'not-a-member-then' as const,
        message: '',
      }));
    if (edits.length > 0) byID.set(ofID, edits);
  }
  return byID;
}

const lines = (all: readonly NotCounted[]) =>
  all.map(({ words, wordsBefore, kinds }) => [words, kinds.join(' '), wordsBefore ?? '']);

it('has the words of edits that do not count, and what each wanted', () => {
  const all = readNotCounted(mara.node, verdicts(mara));
  expect(lines(all)).toEqual([
    ['Matches', 'added', ''],
    ['Dry wood', 'words', 'Firewood'],
    ['Soap', 'checked', ''],
    ['Rope', 'moved deleted', ''],
    ['Cabin in May', 'title', ''],
  ]);
  const group = mara.node.getLoaded(id as CoID<RawCoMap>)?.group.id;
  expect(new Set(all.map(({ groupID }) => groupID))).toEqual(new Set([group]));
});

it('makes them again once the account has a role, and then they count everywhere', async () => {
  const all = readNotCounted(mara.node, verdicts(mara));
  await joinList(mara.node, mara.lists, invite());
  for (const one of all) makeAgain(mara.node, one);
  await until(() => expect(ana.texts(id)).toEqual(['Dry wood', 'Soap', 'Matches']));
  expect(ana.list(id)?.title).toBe('Cabin in May');
  expect(ana.list(id)?.items[1]?.done).toBe(true);
});

it('is empty again when the edits count after all', () => {
  let edits = verdicts(mara);
  const listeners = new Set<() => void>();
  const sync = {
    get current() {
      return { notCounted: { count: edits.size, ids: [...edits.keys()] } };
    },
    subscribe(listener: () => void) {
      listeners.add(listener);
      listener();
      return () => void listeners.delete(listener);
    },
    stateOf: (of: string) => ({ current: { notCounted: edits.get(of) ?? [] } }),
  };
  const seen: number[] = [];
  const stop = watchNotCounted(mara.node, sync, readable({ lists: [] }), (all) => seen.push(all.length));
  for (const listener of listeners) listener();
  edits = new Map();
  for (const listener of listeners) listener();
  expect(seen).toEqual([5, 0]);
  stop();
  expect(listeners.size).toBe(0);
});

it('is found by another device of the account, which loads the items that were to be added', async () => {
  const phone = await network.sameAccount(mara);
  await until(() => expect(phone.list(id)?.state).toBe('closed'));
  let found: readonly NotCounted[] = [];
  onTestFinished(watchNotCounted(phone.node, noVerdicts, phone.lists, (all) => (found = all)));
  // Edits of one millisecond have no order.
  const made = lines(readNotCounted(mara.node, verdicts(mara))).sort();
  expect(made).toHaveLength(5);
  await until(() => expect(lines(found).sort()).toEqual(made));
  expect(found.map(({ reason }) => reason)).toEqual(found.map(() => 'not-a-member-then'));
  const { edits, stop } = watchEdits(ana.node, id, () => {});
  onTestFinished(stop);
  expect(edits.size).toBe(0);
});

it('is found also in items that come after the list is known to be closed', async () => {
  const { node, account } = mara;
  const crypto = await WasmCrypto.create();
  const phone = new LocalNode(node.agentSecret, crypto.newRandomSessionID(account.id), crypto);
  const bring = (some: CoID<RawCoMap>) => {
    for (const content of node.getCoValue(some).newContentSince(undefined) ?? [])
      phone.syncManager.handleNewContent(content, 'import');
  };
  const group = node.getLoaded(id as CoID<RawCoMap>)?.group.id;
  for (const first of [account.id, ana.account.id, group, id]) bring(first as CoID<RawCoMap>);
  let found: readonly NotCounted[] = [];
  const list = { ...mara.list(id), id, state: 'closed' } as ListView;
  onTestFinished(watchNotCounted(phone, noVerdicts, readable({ lists: [list] }), (all) => (found = all)));
  await until(() => expect(found.map(({ kinds }) => kinds)).toContainEqual(['title']));
  for (const item of ids.slice(1)) bring(item as CoID<RawCoMap>);
  await until(() => expect(lines(found).sort()).toEqual(lines(readNotCounted(node, verdicts(mara))).sort()));
});

/** As if all edits were made in earlier runs. */
const noVerdicts = {
  current: { notCounted: { count: 0, ids: [] } },
  subscribe: () => () => {},
  stateOf: () => ({ current: { notCounted: [] } }),
};
