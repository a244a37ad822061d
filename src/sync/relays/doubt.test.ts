import { cojsonInternals, type RawCoID, type SessionID } from 'cojson';
import { expect, it, vi } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createTestLossWatch } from '../../../test/support/sync/test-loss-watch.ts';
import { until } from '../../../test/support/until.ts';
import { joinRemembered } from '../../storage/relay-memory.ts';
import { noRelayMemory, type RelayMemory, type RememberedRelay } from '../../storage/remembered-relay.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';

const edit = (id: string, count = 1) => ({
  id: id as RawCoID,
  sessionID: 's' as SessionID,
  count,
  generation: 0,
});

/** A relay that has confirmed an edit of a CoValue in memory, and has yet to show that it still has it. */
async function relayInDoubt({ isStored = true } = {}) {
  const node = await createAgentNode();
  const { core } = node.createGroup().createMap({ a: 1 });
  const [server] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
  node.syncManager.addPeer(server, true);
  const sent = vi.spyOn(node.syncManager, 'trySendToPeer');
  const confirmed = [{ id: core.id, sessionID: node.currentSessionID, count: 1 }];
  let record: RememberedRelay = { confirmed };
  let canRead = () => {};
  let canWrite = () => {};
  const readable = isStored ? Promise.resolve() : new Promise<void>((resolve) => (canRead = resolve));
  const writable = new Promise<void>((resolve) => (canWrite = resolve));
  const memory: RelayMemory = {
    read: () => readable.then(() => record),
    async write(_, seen) {
      await writable;
      record = joinRemembered(record, seen);
      return record;
    },
  };
  const clock = createFakeClock();
  let comparisons = 0;
  const watch = createTestLossWatch({
    ...{ node, memory, clock },
    recheck: () => new Promise(() => comparisons++),
  });
  watch.connected(undefined);
  const answer = (count: number) =>
    watch.handled({
      action: 'known',
      id: core.id,
      header: true,
      sessions: { [node.currentSessionID]: count },
    });
  /** The relay has been asked. */
  const question = { action: 'load', ...core.knownState() };
  const asked = () => until(() => expect(sent).toHaveBeenCalledWith(expect.anything(), question));
  return {
    ...{ watch, clock, answer, asked, canRead, canWrite },
    record: () => record,
    comparisons: () => comparisons,
  };
}

it('uploads nothing before the relay has shown that it has what it confirmed', async () => {
  const { watch, answer, asked } = await relayInDoubt();
  await asked();
  expect([watch.mayUpload, watch.isBelieved]).toEqual([false, false]);
  answer(1);
  await until(() => expect(watch.isSure).toBe(true));
  expect([watch.mayUpload, watch.isBelieved]).toEqual([true, true]);
});

it('uploads nothing to a relay that lost data before the loss is in its record', async () => {
  const { watch, answer, asked, canWrite, record } = await relayInDoubt();
  await asked();
  answer(0);
  expect([watch.isSure, watch.mayUpload]).toEqual([false, false]);
  canWrite();
  await until(() => expect(watch.mayUpload).toBe(true));
  expect(record()).toMatchObject({ losses: 1, refill: true });
});

it('stops uploads when the relay lacks something later', async () => {
  const { watch, answer, asked } = await relayInDoubt();
  await asked();
  answer(1);
  await until(() => expect(watch.mayUpload).toBe(true));
  watch.denied();
  expect(watch.mayUpload).toBe(false);
});

it('compares everything with a relay that does not answer in 10 s, and waits no longer for a disk that hangs', async () => {
  const { watch, clock, asked, comparisons } = await relayInDoubt();
  await asked();
  clock.advance(9_999);
  expect([watch.mayUpload, comparisons()]).toEqual([false, 0]);
  clock.advance(1);
  expect(comparisons()).toBe(1);
  expect(watch.generation).toBe(1);
  clock.advance(10_000);
  expect([watch.isSure, watch.mayUpload]).toEqual([false, true]);
});

it('compares everything if content had to leave before the record could be read', async () => {
  const { watch, clock, canRead, comparisons } = await relayInDoubt({ isStored: false });
  clock.advance(10_000);
  expect([watch.mayUpload, comparisons()]).toEqual([true, 0]);
  canRead();
  await until(() => expect(comparisons()).toBe(1));
  expect(watch.mayUpload).toBe(false);
});

it.each(['denies it', 'sends what it ended'])(
  'notices that a deletion is lost when the relay %s',
  async (how) => {
    const node = await createAgentNode();
    const map = node.createGroup().createMap({ a: 1 });
    map.core.deleteCoValue();
    const deletion = Object.keys(map.core.knownState().sessions).find((session) => session.endsWith('$'));
    const [server] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
    node.syncManager.addPeer(server, true);
    const sent = vi.spyOn(node.syncManager, 'trySendToPeer');
    const confirmed = [{ id: map.id, sessionID: deletion as SessionID, count: 1 }];
    const watch = createTestLossWatch({
      node,
      memory: { ...noRelayMemory, read: () => Promise.resolve({ confirmed }) },
      recheck: () => new Promise(() => {}),
    });
    watch.connected(undefined);
    await until(() => expect(sent).toHaveBeenCalled());
    const sessions = { [node.currentSessionID]: 1 };
    const ended = {
      [node.currentSessionID]: { after: 0, newTransactions: [], lastSignature: 'signature_z1' as const },
    };
    if (how === 'denies it') watch.handled({ action: 'known', ...map.core.knownState(), sessions });
    else watch.handled({ action: 'content', id: map.id, priority: 3, new: ended });
    expect(watch.generation).toBe(1);
  },
);

it('stays in doubt when the connection ends first', async () => {
  const { watch, asked } = await relayInDoubt();
  await asked();
  watch.lost();
  expect([watch.isSure, watch.mayUpload, watch.isBelieved]).toEqual([false, false, false]);
});

it('keeps the latest confirmations of all tabs in the record', () => {
  const stored = { confirmed: [edit('co_z1'), edit('co_z2')] };
  const joined = joinRemembered(stored, { confirmed: [edit('co_z2', 2), edit('co_z3')] });
  expect(joined.confirmed).toEqual([edit('co_z2', 2), edit('co_z3'), edit('co_z1')]);
  const many = Array.from({ length: 20 }, (_, n) => edit(`co_zm${n}`));
  expect(joinRemembered(stored, { confirmed: many }).confirmed).toEqual(many.slice(0, 8));
  expect(joinRemembered(stored, { losses: 1 }).confirmed).toEqual(stored.confirmed);
  expect(joinRemembered(stored, { confirmed: [edit('co_z2', 0)] }).confirmed).toEqual([
    edit('co_z2'),
    edit('co_z1'),
  ]);
});
