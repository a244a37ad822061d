import { cojsonInternals, type RawCoID, type SessionID, type SyncMessage } from 'cojson';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { createTestLossWatch } from '../../../test/support/sync/test-loss-watch.ts';
import { until } from '../../../test/support/until.ts';
import { joinRemembered } from '../../storage/relay-memory.ts';
import {
  noRelayMemory,
  type ConfirmedEdit,
  type RelayMemory,
  type RememberedRelay,
} from '../../storage/remembered-relay.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';

afterEach(() => void vi.restoreAllMocks());

/** A node that is connected to a relay, `r`, which a test plays, and a device with one record of it. */
async function device(initial: (map: ConfirmedEdit) => RememberedRelay) {
  const node = await createAgentNode();
  const { core } = node.createGroup().createMap({ a: 1 });
  const [server] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
  node.syncManager.addPeer(server, true);
  const sent = vi.spyOn(node.syncManager, 'trySendToPeer');
  const own: ConfirmedEdit = { id: core.id, sessionID: node.currentSessionID, count: 1 };
  let record = initial(own);
  let isHanging = false;
  const waiting: (() => void)[] = [];
  const memory: RelayMemory = {
    async read() {
      if (isHanging) await new Promise<void>((resolve) => waiting.push(resolve));
      return record;
    },
    write(_, seen) {
      record = joinRemembered(record, seen);
      return Promise.resolve(record);
    },
  };
  const clock = createFakeClock();
  let comparisons = 0;
  const onChange = vi.fn();
  const outdated = vi.fn();
  const watchOf = () =>
    createTestLossWatch({
      ...{ node, memory, clock, onChange, outdated },
      onRecorded: onChange,
      recheck: () => new Promise(() => comparisons++),
    });
  const known = (sessions: Record<string, number>) =>
    ({ action: 'known', id: core.id, header: true, sessions }) as const;
  return {
    ...{ node, core, own, sent, clock, memory, known, watchOf, onChange, outdated },
    record: () => record,
    setRecord: (next: RememberedRelay) => void (record = next),
    comparisons: () => comparisons,
    hang: () => void (isHanging = true),
    answerReads() {
      isHanging = false;
      for (const next of waiting.splice(0)) next();
    },
  };
}

const turns = async () => {
  for (let n = 0; n < 20; n++) await new Promise<void>((resolve) => setImmediate(resolve));
};

it('compares everything if content had to leave on an earlier connection, before the record could be read', async () => {
  const { watchOf, own, clock, hang, answerReads, known, comparisons } = await device((map) => ({
    confirmed: [map],
  }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  hang();
  // The relay was restored. What it lacks leaves after 10 s, also what the record names.
  watch.connected(undefined);
  clock.advance(10_000);
  expect(watch.mayUpload).toBe(true);
  watch.lost();
  answerReads();
  watch.connected(undefined);
  await turns();
  watch.handled(known({ [own.sessionID]: 1 }));
  await turns();
  expect([watch.isSure, comparisons()]).toEqual([false, 1]);
});

it('[CONF-19] takes an acknowledgement that names only some sessions for no loss', async () => {
  const { own, known, watchOf, comparisons } = await device((edit) => ({ confirmed: [edit] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await turns();
  const part = (sessions: Record<string, number>) => ({ ...known(sessions), partial: true }) as SyncMessage;
  watch.handled(part({}));
  watch.handled(part({ co_zA_session_z1: 1 }));
  await turns();
  expect([comparisons(), watch.isSure]).toEqual([0, false]);
  watch.handled(part({ [own.sessionID]: 1 }));
  await turns();
  expect([comparisons(), watch.isSure]).toEqual([0, true]);
});

it('asks about the later edit if another tab has recorded one of the same CoValue', async () => {
  const other = 'other_session_z1' as SessionID;
  const { watchOf, own, known, setRecord } = await device((map) => ({ confirmed: [map] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  // This tab stays offline. Another one edits the same CoValue, among others, and is closed.
  setRecord({ confirmed: [{ ...own, sessionID: other, count: 5 }] });
  watch.connected(undefined);
  await turns();
  // The relay was restored to before the other tab's edits.
  watch.handled(known({ [own.sessionID]: 1 }));
  await turns();
  expect(watch.isSure).toBe(false);
});

it('is not sure of a relay of which it could ask nothing, because what the record names was not stored', async () => {
  const node = await createAgentNode();
  node.setStorage(createMemoryStorage());
  const [server] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
  node.syncManager.addPeer(server, true);
  const sent = vi.spyOn(node.syncManager, 'trySendToPeer');
  // Confirmed within 100 ms, but the page was killed before the storage had written the content.
  const id: RawCoID = 'co_zQhpsTVUyyxgGpsdKwwPcTB9yKe3';
  const confirmed = [{ id, sessionID: 's' as SessionID, count: 1 }];
  const watch = createTestLossWatch({
    node,
    memory: { ...noRelayMemory, read: () => Promise.resolve({ confirmed }) },
    recheck: () => new Promise(() => {}),
  });
  watch.connected(undefined);
  await turns();
  expect([sent.mock.calls.length > 0, watch.isSure]).toEqual([true, false]);
});

it('is not sure if another tab has recorded a loss since this one read the record', async () => {
  const { watchOf, own, known, record } = await device((map) => ({ confirmed: [map] }));
  const [one, other] = [watchOf(), watchOf()];
  await until(() => expect([one.isRead, other.isRead]).toEqual([true, true]));
  other.connected(undefined);
  one.connected(undefined);
  await turns();
  other.handled(known({ [own.sessionID]: 0 }));
  await turns();
  expect(record()).toMatchObject({ losses: 1, refill: true });
  expect(other.mayUpload).toBe(true);
  // The other tab has uploaded this edit again, and goes on with the rest.
  one.handled(known({ [own.sessionID]: 1 }));
  await turns();
  expect(one.isSure).toBe(false);
});

it('lets content leave at last if no connection lasts 10 s while the record cannot be read', async () => {
  const { watchOf, clock, hang } = await device((map) => ({ confirmed: [map] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  hang();
  let couldSend = false;
  for (let n = 0; n < 20; n++) {
    watch.connected(undefined);
    clock.advance(9_000);
    couldSend ||= watch.mayUpload;
    watch.lost();
  }
  expect(couldSend).toBe(true);
});

it('tells that content may leave when it adopts a loss that another tab has recorded', async () => {
  const { watchOf, setRecord, onChange } = await device((map) => ({ confirmed: [map] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  setRecord({ losses: 1 });
  let wasTold = false;
  onChange.mockImplementation(() => void (wasTold ||= watch.mayUpload));
  watch.connected(undefined);
  await turns();
  expect([watch.mayUpload, wasTold]).toEqual([true, true]);
});

it('uploads nothing before the loss is recorded, however fast everything is compared', async () => {
  const { node, own, memory, clock, known } = await device((map) => ({ confirmed: [map] }));
  const watch = createTestLossWatch({
    ...{ node, clock },
    memory: { ...memory, write: () => new Promise(() => {}) },
  });
  watch.connected(undefined);
  await turns();
  watch.handled(known({ [own.sessionID]: 0 }));
  await turns();
  expect(watch.mayUpload).toBe(false);
});

it('notices that a relay lost a CoValue altogether, though it was deleted here in the meantime', async () => {
  const { watchOf, core, known } = await device((map) => ({ confirmed: [map] }));
  const watch = watchOf();
  core.deleteCoValue();
  watch.connected(undefined);
  await turns();
  // A relay that has a deletion, or what it ends, has the header.
  watch.handled({ ...known({}), header: false });
  await turns();
  expect([watch.generation, watch.isSure]).toEqual([1, false]);
});

it('asks first about what the relay had confirmed, with thousands of CoValues in memory', async () => {
  cojsonInternals.setMaxInFlightLoadsPerPeer(2);
  onTestFinished(() => cojsonInternals.setMaxInFlightLoadsPerPeer(1_000));
  const node = await createAgentNode();
  const group = node.createGroup();
  const maps = Array.from({ length: 6 }, () => group.createMap({ a: 1 }));
  const last = maps.at(-1)?.core.id ?? group.id;
  const [server, device] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
  const asked: string[] = [];
  device.incoming.onMessage((message) => {
    if (message !== 'Disconnected' && message.action === 'load') asked.push(message.id);
  });
  node.syncManager.addPeer(server);
  const watch = createTestLossWatch({
    node,
    clock: createFakeClock(),
    memory: {
      ...noRelayMemory,
      read: () => Promise.resolve({ confirmed: [{ id: last, sessionID: node.currentSessionID, count: 1 }] }),
    },
  });
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await until(() => expect(asked).toHaveLength(3));
  await turns();
  expect(asked).toEqual([group.id, maps[0]?.id, last]);
});

it.each([
  ['while its record is read', true],
  ['while it is asked', false],
])('compares everything if a relay in doubt denies something, %s', async (_, isReading) => {
  const { watchOf, hang, answerReads, comparisons } = await device((map) => ({ confirmed: [map] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  if (isReading) hang();
  watch.connected(undefined);
  await turns();
  watch.denied();
  answerReads();
  await turns();
  expect([watch.isSure, comparisons()]).toEqual([false, 1]);
});

it('[CONF-12] compares everything when a stock server has become our relay, or the reverse, also the second time', async () => {
  const { watchOf, record, comparisons } = await device((map) => ({ confirmed: [map] }));
  for (const [count, hello] of [testHello, undefined, testHello].entries()) {
    const watch = watchOf();
    await until(() => expect(watch.isRead).toBe(true));
    watch.connected(hello);
    watch.carried();
    await until(() =>
      expect([comparisons(), record().storage]).toEqual([count + 1, hello?.storage ?? 'stock']),
    );
    watch.close();
  }
});

it('compares nothing with the first server that this device meets', async () => {
  const { watchOf, comparisons } = await device(() => ({ configuredMs: 1 }));
  const watch = watchOf();
  watch.connected(testHello);
  await until(() => expect(watch.isSure).toBe(true));
  expect(comparisons()).toBe(0);
});

it('names the storage with which another tab has found a loss, not the one before it', async () => {
  const { storage } = testHello;
  const { watchOf, setRecord, record, comparisons } = await device((map) => ({ storage, confirmed: [map] }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  // The address leads to a stock server now, which this tab's channel has yet to hear of.
  setRecord({ losses: 1 });
  watch.connected(undefined);
  await turns();
  expect([comparisons(), record()]).toEqual([1, { losses: 1, refill: true }]);
});

it('believes no silent channel if another tab names another storage while the questions are open', async () => {
  const { watchOf, own, known, setRecord, record, comparisons } = await device((map) => ({
    confirmed: [map],
  }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await turns();
  setRecord({ storage: testHello.storage, losses: 1 });
  watch.handled(known({ [own.sessionID]: 1 }));
  await turns();
  expect([comparisons(), watch.isSure]).toEqual([0, false]);
  // It is a stock server.
  watch.carried();
  await turns();
  expect([comparisons(), record()]).toMatchObject([1, { losses: 2, refill: true }]);
  expect(record().storage).toBe('stock');
});

it('takes what the relay lost and never gets back for one loss, and what it got back for another', async () => {
  const { node, memory, clock, own, known, record } = await device((map) => ({ confirmed: [map] }));
  let comparisons = 0;
  const recheck = () => Promise.resolve(void comparisons++);
  const watch = createTestLossWatch({ node, memory, clock, recheck });
  await until(() => expect(watch.isRead).toBe(true));
  const connect = async (has: number) => {
    watch.connected(undefined);
    await turns();
    watch.handled(known({ [own.sessionID]: has }));
    await turns();
    expect(watch.isSure).toBe(true);
    watch.lost();
    return [comparisons, record().losses];
  };
  expect([await connect(0), await connect(0), await connect(0)]).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  await watch.record([own]);
  expect([await connect(1), await connect(0), await connect(0)]).toEqual([
    [1, 1],
    [2, 2],
    [2, 2],
  ]);
});

it('knows after a restart which confirmations were of an earlier generation', async () => {
  const { watchOf, own, known, comparisons } = await device((map) => ({
    confirmed: [{ ...map, generation: 1 }],
    losses: 2,
  }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await turns();
  watch.handled(known({ [own.sessionID]: 0 }));
  await until(() => expect(watch.isSure).toBe(true));
  expect(comparisons()).toBe(0);
});

it('begins a generation of its own if another tab has reached another storage at the same address', async () => {
  const { watchOf, record, own, outdated, comparisons } = await device(() => ({ configuredMs: 1 }));
  const [one, other] = [watchOf(), watchOf()];
  await until(() => expect([one.isRead, other.isRead]).toEqual([true, true]));
  const storage = { ...testHello.storage, epoch: 'another' };
  // Both have read that no storage is known.
  one.connected(testHello);
  other.connected({ ...testHello, storage });
  await turns();
  expect(record()).toMatchObject({ storage, losses: 1, refill: true });
  expect([comparisons(), other.generation, other.isCurrent(0), other.isSure]).toEqual([1, 1, false, false]);
  // What the first one hears belongs to the storage that the record no longer names.
  await one.record([own]);
  expect([record().losses, one.isCurrent(0), one.isBelieved, one.isSure]).toEqual([1, false, false, false]);
  expect(outdated).toHaveBeenCalledOnce();
  one.lost();
  one.connected(testHello);
  await turns();
  expect(record()).toMatchObject({ storage: testHello.storage, losses: 2, refill: true });
});

it.each([
  ['a stock server', testHello, undefined],
  ['our relay', undefined, testHello],
])('counts nothing of two servers together if another tab has reached %s', async (_, hello, others) => {
  const { watchOf, record, own } = await device(() => ({ configuredMs: 1 }));
  const [one, other] = [watchOf(), watchOf()];
  await until(() => expect([one.isRead, other.isRead]).toEqual([true, true]));
  one.connected(hello);
  other.connected(others);
  await turns();
  expect([one.isSure, other.isSure]).toEqual([true, true]);
  one.carried();
  other.carried();
  await one.record([own]);
  await other.record([own]);
  expect(record()).toMatchObject({ losses: 1, refill: true });
  expect([one, other].every((watch) => watch.isCurrent(0))).toBe(false);
  await one.record([own]);
  expect([one, other].some((watch) => watch.isCurrent(0) || watch.isBelieved)).toBe(false);
});

it('names the stock server that answered the questions', async () => {
  const { watchOf, own, known, record } = await device((map) => ({
    confirmed: [{ ...map, generation: 0 }],
    losses: 1,
  }));
  const watch = watchOf();
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await turns();
  expect(watch.isSure).toBe(false);
  watch.carried();
  watch.handled(known({ [own.sessionID]: 1 }));
  await until(() => expect(watch.isSure).toBe(true));
  await watch.record([own]);
  expect(record()).toMatchObject({ storage: 'stock', losses: 1 });
});

it('ends no comparison of an earlier generation, also if another connection is long in coming', async () => {
  const { node, memory, clock, outdated, own, known } = await device((map) => ({ confirmed: [map] }));
  let end = () => {};
  const recheck = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const watch = createTestLossWatch({ node, memory, clock, outdated, recheck });
  await until(() => expect(watch.isRead).toBe(true));
  watch.connected(undefined);
  await turns();
  watch.handled(known({ [own.sessionID]: 0 }));
  await turns();
  watch.foundGeneration(2);
  expect(outdated).toHaveBeenCalledOnce();
  end();
  await turns();
  expect([watch.isSure, watch.isBelieved, watch.mayUpload]).toEqual([false, false, false]);
  // The record tells of no later loss, because the tab that found it could not write it.
  watch.lost();
  watch.connected(undefined);
  await turns();
  expect([recheck.mock.calls.length, watch.generation, watch.isBelieved]).toEqual([2, 2, true]);
});
