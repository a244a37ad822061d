import { LocalNode, type CoValueCore, type RawCoMap, type RawGroup } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { confirmationOf, debtOf, ledgerOf, pendingIn } from '../../../test/support/storage/facts.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { openDatabase } from '../indexed-db.ts';
import { openDeviceStorage } from '../open-device-storage.ts';
import { createRelayMemory } from '../relay-memory.ts';
import { until } from '../../../test/support/until.ts';

// Simulates faults that browsers and other tabs cause in an open database.

const databases = createDatabases(indexedDB);
let accountID: string;
let storage: KernelDeviceStorage;
let group: RawGroup;
const ends: (() => void)[] = [];
/** Saved before the fault. */
let map: RawCoMap;
let createNode: () => LocalNode;
const name = () => `maia-${accountID}`;

beforeEach(async () => {
  accountID = `faults-${crypto.randomUUID()}`;
  storage = await openStorage('kernel', accountID);
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const sessionID = wasm.newRandomSessionID(wasm.getAgentID(secret));
  createNode = () => new LocalNode(secret, sessionID, wasm);
  const node = createNode();
  node.setStorage(storage);
  storage.useNode?.(node);
  group = node.createGroup();
  map = group.createMap({ word: 'before' }, null, 'trusting');
  ledgerOf(storage).add({ debts: [debtOf(map.id)] });
  await saved(map);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) end();
  await storage.close();
  await databases.delete(name());
});

const saved = ({ id, core }: RawCoMap | RawGroup) => storage.waitForSync(id, core);
const failingWith = (code: string) =>
  until(() =>
    expect(storage.status.current).toMatchObject({ kind: 'kernel', state: 'failing', error: { code } }),
  );
const works = () => until(() => expect(storage.status.current.state).toBe('ok'));

/** Reopens the storage, as the next start does, and expects the edit to be in it. */
async function expectKept(word: string): Promise<void> {
  await storage.close();
  storage = await openStorage('kernel', accountID);
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const again = await node.load(map.id);
  expect(again !== 'unavailable' && again.get('word')).toBe(word);
  expect(await pendingIn(storage)).toEqual([map.id]);
}

/** The storage's open connection. */
function connectionOf(): Promise<IDBDatabase> {
  const real = IDBDatabase.prototype.transaction;
  return new Promise((resolve) => {
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
      this: IDBDatabase,
      ...args: Parameters<typeof real>
    ) {
      if (this.name === name()) resolve(this);
      return real.apply(this, args);
    });
    storage.getCoValueCount(() => {});
  });
}

describe('a database closed by the browser', () => {
  it('[STORE-3] is reopened automatically while nothing is written', async () => {
    const db = await connectionOf();
    db.close();
    db.dispatchEvent(new Event('close'));
    await failingWith('STORAGE_CLOSED');
    await works();
    await expectKept('before');
  });

  it('is reopened for the next edit if it was closed without an event, as in Safari', async () => {
    const db = await connectionOf();
    db.close();
    map.set('word', 'after', 'trusting');
    await failingWith('STORAGE_CLOSED');
    await saved(map);
    await works();
    await expectKept('after');
  });
});

describe('a database', () => {
  it('[STORE-4] deleted by another tab is recreated with everything that this tab has written, and what is owed', async () => {
    await databases.delete(name());
    await failingWith('STORAGE_CLOSED');
    await works();
    await saved(map);
    await expectKept('before');
  });

  it('deleted by another tab gets an edit made before it is recreated', async () => {
    const states = new Set<string>();
    ends.push(storage.status.subscribe(({ state }) => states.add(state)));
    const deleted = databases.delete(name());
    map.set('word', 'after', 'trusting');
    await deleted;
    await until(() => expect(states).toContain('failing'));
    await works();
    await saved(map);
    await expectKept('after');
  });

  it('[STORE-4] emptied by a script gets everything that this tab has written with the next edit, and what is owed', async () => {
    for (const store of ['segments', 'ledger', 'relay-records', 'deleted']) {
      await databases.request(name(), store, (records) => (records.clear(), records.count()));
    }
    const other = group.createMap({ word: 'other' });
    await saved(other);
    await saved(map);
    await works();
    await expectKept('before');
  });

  it('[CONF-12] that was emptied has every relay compared, whatever it had confirmed before', async () => {
    const ledger = ledgerOf(storage);
    const memory = createRelayMemory(indexedDB, accountID, { logger: silentLogger });
    ledger.useRelays(['r']);
    await ledger.written();
    await memory.write('r', { losses: 1, refill: false });
    await databases.delete(name());
    await failingWith('STORAGE_CLOSED');
    await works();
    ledger.add({ confirmations: [confirmationOf(map.id, { generation: 1 })] });
    await ledger.written();
    // A tab that compared everything before it was emptied, which has to be done again.
    await memory.write('r', { losses: 1, refill: false });
    await memory.write('r', { losses: 1, refill: false });
    expect(await memory.read('r')).toMatchObject({ refill: true });
    expect(await pendingIn(storage)).toEqual([map.id]);
    expect((await ledger.read()).unfilled).toEqual(new Set(['r']));
  });

  it('emptied by a script keeps an edit whole that continues what is gone', async () => {
    await databases.request(name(), 'segments', (records) => (records.clear(), records.count()));
    map.set('word', 'after', 'trusting');
    await saved(map);
    await works();
    await expectKept('after');
  });

  it('upgraded by another tab accepts no writes until this version can open it again', async () => {
    const upgraded = await openDatabase(indexedDB, { name: name(), version: 99, make: () => {} });
    map.set('word', 'after', 'trusting');
    await failingWith('STORAGE_TOO_NEW');
    expect(storage.queuedContent).toBe(1);
    upgraded?.close();
    await databases.delete(name());
    await works();
    await saved(map);
    await expectKept('after');
  });
});

it('[STORE-4] each tab writes what it has written again, whichever finds first that the database was emptied', async () => {
  const other = await openStorage('kernel', accountID);
  ends.push(() => void other.close());
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(other);
  other.useNode?.(node);
  const theirs = node.createGroup().createMap({ word: 'theirs' }, null, 'trusting');
  await other.waitForSync(theirs.id, theirs.core);
  await databases.request(name(), 'segments', (records) => (records.clear(), records.count()));
  map.set('word', 'after', 'trusting');
  await saved(map);
  const next = node.createGroup();
  await other.waitForSync(next.id, next.core);
  await other.waitForSync(theirs.id, theirs.core);
  const stored = await other.stored?.states(new Set([map.id, theirs.id, next.id]));
  expect([...(stored?.keys() ?? [])].toSorted()).toEqual([map.id, theirs.id, next.id].toSorted());
});

describe('a tab that holds an older version of the database open', () => {
  it('leaves this tab in memory with an error that names the reason', async () => {
    const other = `faults-${crypto.randomUUID()}`;
    const held = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(`maia-${other}`, 1);
      request.onsuccess = () => resolve(request.result);
    });
    const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(0, run) };
    const blocked = await openDeviceStorage({
      kind: 'kernel',
      accountID: other,
      platform: { ...createBrowserPlatform(), clock },
      logger: silentLogger,
    });
    expect(blocked.status.current).toMatchObject({
      kind: 'memory',
      state: 'memory-only',
      error: { code: 'STORAGE_BLOCKED' },
    });
    held.close();
    await databases.delete(`maia-${other}`);
  });
});

it('keeps what it has of a session if a relay delivers what a copy of the profile wrote under the same ID', async () => {
  const { id } = map;
  const { sessions } = map.core.knownState();
  const pass = (core: CoValueCore, to: LocalNode) => {
    for (const piece of core.newContentSince() ?? []) to.syncManager.handleNewContent(piece, 'import');
  };
  const copy = createNode();
  for (const { core } of [group, map]) pass(core, copy);
  const copied = copy.getCoValue(id).getCurrentContent() as RawCoMap;
  map.set('word', 'mine', 'trusting');
  await saved(map);
  copied.set('word', 'theirs', 'trusting');
  copied.set('word', 'theirs, again', 'trusting');
  await storage.close();

  storage = await openStorage('kernel', accountID);
  const node = createNode();
  node.setStorage(storage);
  storage.useNode?.(node);
  pass(copy.getCoValue(group.id), node);
  pass(copied.core, node);
  copied.set('word', 'theirs, at last', 'trusting');
  // Continues what is in memory.
  pass(copied.core, node);
  await ledgerOf(storage).written();
  const state = (await storage.stored?.states(new Set([id])))?.get(id);
  expect(state?.known.sessions).toEqual({
    [node.currentSessionID]: (sessions[node.currentSessionID] ?? 0) + 1,
  });
  expect([...(state?.forks ?? [])]).toEqual([node.currentSessionID]);
  // Once it is found, no correction by cojson brings the others back.
  copied.set('word', 'theirs, once more', 'trusting');
  pass(copied.core, node);
  await saved(node.getCoValue(id).getCurrentContent() as RawCoMap);
  await expectKept('mine');
});

it('[STORE-4] compares everything with every relay if only the ledger was cleared, and does so once', async () => {
  ledgerOf(storage).useRelays(['r']);
  await ledgerOf(storage).written();
  const { unfilled: before, generations } = await ledgerOf(storage).read();
  await storage.close();
  await databases.request(name(), 'ledger', (records) => (records.clear(), records.count()));
  storage = await openStorage('kernel', accountID);
  const found = await ledgerOf(storage).read();
  await storage.close();
  storage = await openStorage('kernel', accountID);
  const again = await ledgerOf(storage).read();
  expect([before, found.unfilled, again.unfilled]).toEqual([new Set(), new Set(['r']), new Set(['r'])]);
  const [earlier = 0, later = 0] = [generations.get('r'), found.generations.get('r')];
  expect([later > earlier, again.generations]).toEqual([true, found.generations]);
});

it('can tell that the database was emptied since it was opened, also after it was filled again', async () => {
  const isIntact = () => ledgerOf(storage).isIntact?.();
  expect(await isIntact()).toBe(true);
  for (const store of ['segments', 'ledger', 'relay-records'])
    await databases.request(name(), store, (records) => (records.clear(), records.count()));
  expect(await isIntact()).toBe(false);
  map.set('word', 'after', 'trusting');
  await saved(map);
  expect(await isIntact()).toBe(false);
});
