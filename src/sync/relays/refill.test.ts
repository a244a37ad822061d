import type { RawCoID, SessionID } from 'cojson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createDeviceDisk, type DeviceDisk } from '../../../test/simulation/device-disk.ts';
import { openDiskStorage } from '../../../test/simulation/disk-storage.ts';
import { createDice } from '../../../test/simulation/random.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode, startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createTestLossWatch } from '../../../test/support/sync/test-loss-watch.ts';
import { until } from '../../../test/support/until.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import type { RelayMemory, RememberedRelay } from '../../storage/remembered-relay.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { confirmationsOf } from '../confirmations.ts';
import { inspectionOf } from '../inspection.ts';
import { startSync } from '../start-sync.ts';
import { mapRelayMemory } from '../../../test/support/storage/map-relay-memory.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
let relays: Map<string, RememberedRelay>;
let disk: DeviceDisk;
let onLedger: (step: string) => void = () => {};
let onWrite: (relayID: string, remembered: RememberedRelay) => void;
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  relays = new Map();
  disk = createDeviceDisk(relays);
  onWrite = () => {};
  onLedger = () => {};
});
const memory: RelayMemory = {
  read: (id) => mapRelayMemory(relays).read(id),
  write(id, seen) {
    onWrite(id, seen);
    return mapRelayMemory(relays).write(id, seen);
  },
};
async function relayAt(port = 0): Promise<StockRelay> {
  const relay = await startStockRelay({ port });
  ends.push(() => relay.close());
  return relay;
}
async function run(urls: readonly string[], options: { readonly memory?: RelayMemory } = {}) {
  const node = await createAgentNode();
  const opened = openDiskStorage(disk, {
    clock: systemClock,
    dice: createDice(1),
    nextTask: () => new Promise<void>((resolve) => setImmediate(resolve)),
    tab: 't',
  });
  const { ledger } = opened;
  if (!ledger) throw new Error('The disk has a ledger.');
  const storage = Object.assign(opened, {
    ledger: {
      ...ledger,
      add(facts: Parameters<typeof ledger.add>[0]) {
        for (const { id } of facts.debts ?? []) onLedger(`owed ${id}`);
        ledger.add(facts);
      },
      written() {
        onLedger('written');
        return ledger.written();
      },
    },
  });
  node.setStorage(storage);
  const sync = startSync({
    node,
    sync: { relays: urls.map((url) => ({ url })) },
    storage,
    memory: options.memory ?? memory,
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  const close = () => sync.close();
  ends.push(close);
  return { node, sync, close };
}
async function confirmedEdit(url: string) {
  const one = await run([url]);
  const map = one.node.createGroup().createMap({ a: 1 });
  await one.sync.whenSaved();
  await one.sync.whenConfirmed();
  await one.close();
  await until(() => expect(disk.ledger.pending).toEqual([]));
  disk.ledger.compact();
  return map;
}
/** Lets what is queued in this turn go out. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const has = (relay: StockRelay, id: RawCoID) => relay.node.getCoValue(id).isAvailable();

const edit = { id: 'co_z1' as RawCoID, sessionID: 's' as SessionID, count: 1 };
async function lossWatch(read: RelayMemory['read'], recorded = () => Promise.resolve()) {
  const written: RememberedRelay[] = [];
  const write: RelayMemory['write'] = (_, seen) => {
    written.push(seen);
    return Promise.resolve(seen);
  };
  const outdated = vi.fn();
  const clock = createFakeClock(0);
  const watch = createTestLossWatch({
    recorded,
    node: await createAgentNode(),
    memory: { read, write },
    clock,
    recheck: () => new Promise(() => {}),
    outdated,
  });
  return { watch, written, outdated, clock };
}

it('a relay record that cannot be read does not make the relay sure', async () => {
  const { watch, clock } = await lossWatch(() => Promise.reject(new Error('no data')));
  watch.connected(undefined);
  await until(() => expect(clock.waiting).toBe(1));
  expect(watch.isSure).toBe(false);
});

it('does not say confirmed while the record of a relay that must be refilled cannot be read', async () => {
  const first = await relayAt();
  const map = await confirmedEdit(first.url);
  await first.close();
  const second = await relayAt(first.port);
  for (const [id, record] of relays) relays.set(id, { ...record, refill: true, losses: 1 });
  const read = vi.fn(() => Promise.reject(new Error('no data')));
  const { sync } = await run([second.url], { memory: { ...memory, read } });
  const statuses = new Set<string>();
  sync.subscribe(({ status }) => void statuses.add(status));
  await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  const reads = read.mock.calls.length;
  await until(() => expect(read.mock.calls.length).toBeGreaterThan(reads));
  expect(has(second, map.id)).toBe(false);
  expect([...statuses, sync.current.status]).not.toContain('confirmed');
});

it('what a refill finds is added to the ledger before the refill waits for it', async () => {
  const first = await relayAt();
  const map = await confirmedEdit(first.url);
  for (const [id, record] of relays) relays.set(id, { ...record, refill: true, losses: 1 });
  const steps: string[] = [];
  onWrite = (_, { refill }) => void (refill === false && steps.push('done'));
  onLedger = (step) => void steps.push(step);
  await run([first.url]);
  await until(() => expect(steps).toContain('done'));
  expect(steps.indexOf(`owed ${map.id}`)).toBeGreaterThanOrEqual(0);
  expect(steps.indexOf(`owed ${map.id}`)).toBeLessThan(steps.lastIndexOf('written', steps.indexOf('done')));
});

it('[CONF-12] no wait for confirmed resolves while the disk says that the relay has to be refilled', async () => {
  const first = await relayAt();
  await confirmedEdit(first.url);
  await first.close();
  for (const [id, record] of relays) relays.set(id, { ...record, refill: true, losses: 1 });
  const { sync } = await run([first.url]); // not reachable
  const confirmed = watchPromise(sync.whenConfirmed());
  confirmed.settled.catch(() => {}); // The sync closes first.
  await confirmationsOf(sync)?.settled;
  await until(() => expect(sync.current.peers[0]?.phase).toBe('waiting'));
  expect([sync.current.confirmed.known, confirmed.isSettled]).toEqual([false, false]);
});

it('sends a relay nothing that it confirmed and lost before the loss is on disk', async () => {
  const first = await relayAt();
  const map = await confirmedEdit(first.url);
  await first.close();
  const second = await relayAt(first.port);
  let canWrite = () => {};
  const writable = new Promise<void>((resolve) => (canWrite = resolve));
  const losses: (number | undefined)[] = [];
  const slow: RelayMemory = {
    ...memory,
    async write(id, seen) {
      losses.push(seen.losses);
      await writable;
      return memory.write(id, seen);
    },
  };
  const { node } = await run([second.url], { memory: slow });
  await until(() => expect(losses).toContain(1));
  const [peer] = Object.values(node.syncManager.peers);
  const isQueued = () => peer?.getOptimisticKnownState(map.id)?.header === true;
  await until(() => expect(isQueued()).toBe(true));
  await turn();
  expect(has(second, map.id)).toBe(false);
  canWrite();
  await until(() => expect(has(second, map.id)).toBe(true));
});

it('tells what is left only once a connected relay has shown that it lost nothing', async () => {
  const relay = await relayAt();
  let canRead = () => {};
  const readable = new Promise<void>((resolve) => (canRead = resolve));
  const slow = { ...memory, read: (id: string) => readable.then(() => memory.read(id)) };
  const { sync } = await run([relay.url], { memory: slow });
  await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  const ids = confirmationsOf(sync)?.leftByAll();
  const left = watchPromise(Promise.resolve(ids));
  await turn();
  expect(left.isSettled).toBe(false);
  canRead();
  expect(await ids).toEqual([]);
});

it('[ACC-16] tells what is left only once a relay that hung up before it had shown that shows it', async () => {
  const relay = await relayAt();
  let canRead = () => {};
  const readable = new Promise<void>((resolve) => (canRead = resolve));
  const slow = { ...memory, read: (id: string) => readable.then(() => memory.read(id)) };
  const { sync } = await run([relay.url], { memory: slow });
  const phase = () => sync.current.peers[0]?.phase;
  await until(() => expect(phase()).toBe('connected'));
  await relay.close();
  await until(() => expect(phase()).not.toBe('connected'));
  canRead();
  const ids = confirmationsOf(sync)?.leftByAll();
  const left = watchPromise(Promise.resolve(ids));
  await confirmationsOf(sync)?.settled;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(left.isSettled).toBe(false);
  await relayAt(relay.port);
  sync.reconnect();
  expect(await ids).toEqual([]);
});

it('tells what is left without a relay that this run has not reached', async () => {
  const relay = await relayAt();
  await relay.close();
  const { sync } = await run([relay.url]);
  expect(await confirmationsOf(sync)?.leftByAll()).toEqual([]);
});

it('an unfinished refill begins a new generation', async () => {
  const { watch, written } = await lossWatch(() =>
    Promise.resolve({ losses: 1, refill: true, confirmed: [edit] }),
  );
  watch.connected(undefined);
  await until(() => expect([watch.generation, written.at(-1)?.losses]).toEqual([2, 2]));
});

it('reads the relay’s record only once this run has recorded the relay', async () => {
  const read = vi.fn(() => Promise.resolve(undefined));
  let recorded = () => {};
  const { watch } = await lossWatch(read, () => new Promise((resolve) => (recorded = resolve)));
  expect(watch.isSure).toBe(false);
  await Promise.resolve();
  expect(read).not.toHaveBeenCalled();
  recorded();
  await until(() => expect(watch.isSure).toBe(true));
});

it('outdates what was counted when the ledger is of a later generation', async () => {
  const { watch, outdated } = await lossWatch(() => Promise.resolve({ losses: 1 }));
  await until(() => expect(watch.isSure).toBe(true));
  watch.foundGeneration(1);
  expect(outdated).not.toHaveBeenCalled();
  expect(watch.isCurrent(1)).toBe(true);
  watch.foundGeneration(2);
  expect(outdated).toHaveBeenCalledOnce();
  expect([watch.isSure, watch.isCurrent(1), watch.isCurrent(2)]).toEqual([false, false, true]);
});

it('compares everything if the ledger has debts of a loss that is not in the relay’s record', async () => {
  const { watch, written } = await lossWatch(() => Promise.resolve({ losses: 3 }));
  // Before the record is read.
  watch.foundGeneration(5);
  await until(() => expect(watch.isRead).toBe(true));
  expect([watch.isCompared, watch.isSure]).toEqual([false, false]);
  watch.connected(undefined);
  await until(() => expect(written).toEqual([{ confirmed: [], losses: 5, refill: true }]));
  expect([watch.generation, watch.isCurrent(5)]).toEqual([5, true]);
});

it('does not count what the ledger had before this tab found a loss', async () => {
  const { watch, outdated } = await lossWatch(() => Promise.resolve({ losses: 1 }));
  await until(() => expect(watch.isSure).toBe(true));
  watch.denied();
  expect(outdated).toHaveBeenCalledOnce();
  watch.foundGeneration(1);
  expect([watch.isCurrent(1), watch.isCurrent(2)]).toEqual([false, true]);
  expect(outdated).toHaveBeenCalledOnce();
});

it('[CONF-12] forgets what one of two relays had confirmed when another tab has found that it lost data', async () => {
  const [kept, away] = [await relayAt(), await relayAt()];
  await away.close();
  const urls = [kept.url, away.url];
  const [keptID, awayID] = urls.map((url) => new URL(url).host) as [string, string];
  const { node, sync } = await run(urls);
  const { id } = node.createGroup().createMap({ a: 1 });
  const lackedBy = () =>
    inspectionOf(sync)
      ?.unsynced()
      .find((one) => one.id === id)?.missingAtPeerIDs;
  await until(() => expect(lackedBy()).toEqual([awayID]));
  await until(() => disk.ledger.contents().confirmations.some((said) => said.id === id));
  relays.set(keptID, { ...relays.get(keptID), losses: 1 });
  await confirmationsOf(sync)?.leftByAll();
  expect(lackedBy()).toEqual([keptID, awayID]);
  // It was not the edit that the relay had lost.
  await until(() => expect(lackedBy()).toEqual([awayID]));
});
