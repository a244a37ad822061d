import type { CojsonInternalTypes, LocalNode, RawCoMap, RawGroup } from 'cojson';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import type { Clock } from '../../base/clock.ts';
import type { Relay } from '../../relay/index.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import type { Transport } from '../../transport/transport.ts';
import { createWebSocketTransport } from '../../transport/web-socket.ts';
import { clockWithSpeed } from '../../../test/support/session/test-sessions.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createSharedDevice, type SharedDevice } from '../../../test/support/sync/shared-device.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import type { Fork } from './own-forks.ts';
import { guardSessionID } from './guard-session-id.ts';
import { genesisTimeMs } from '../account/version-1.ts';
import { until } from '../../../test/support/until.ts';

// A node and its copy write under one session ID, via a real relay. The copy is guarded.

let relay: Relay;
let original: LocalNode;
let copy: LocalNode;
let group: RawGroup;
let map: RawCoMap;
let other: RawCoMap;
beforeAll(async () => {
  relay = await openRelay();
}, 60_000);
afterAll(() => relay.close());
afterEach(() => void vi.restoreAllMocks());
beforeEach(async () => {
  const crypto = await createSessionCrypto();
  const secret = crypto.newRandomAgentSecret();
  const sessionID = crypto.newRandomSessionID(crypto.getAgentID(secret));
  original = createSessionNode({ crypto, agentSecret: secret, sessionID, genesisTimeMs });
  copy = createSessionNode({
    crypto: await createSessionCrypto(),
    agentSecret: secret,
    sessionID,
    genesisTimeMs,
  });
  group = original.createGroup();
  [map, other] = [group.createMap({ before: 0 }), group.createMap({ before: 0 })];
  for (const piece of contentOf(original)) copy.syncManager.handleNewContent(piece, 'import');
});

function contentOf(node: LocalNode): readonly CojsonInternalTypes.NewContentMessage[] {
  return [group, map, other].flatMap(({ id }) => node.getCoValue(id).newContentSince() ?? []);
}

function connect(node: LocalNode, options: SyncOptions = { url: relay.url }): SyncPeers {
  const sync = startSync({
    node,
    sync: options,
    storage: { status: foreignStorageStatus(node) },
    platform,
    logger,
  });
  onTestFinished(() => sync.close());
  return sync;
}
const logger = { debug: () => {}, warn: () => {} };
const platform = { ...createNodePlatform(), clock: clockWithSpeed(5), locks: undefined };

const untilConfirmed = (sync: SyncPeers) =>
  until(() => expect(sync.current).toMatchObject({ status: 'confirmed' }));

async function upload(): Promise<void> {
  const sync = connect(original);
  for (const { id } of [group, map, other]) await original.load(id);
  await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  map.set('original', 'last');
  other.set('original', 'last');
  await untilConfirmed(sync);
  await sync.close();
}

function guarded({
  retiredIDs = 0,
  sync = connect(copy),
  transports = [] as readonly Transport[],
  on = platform,
} = {}) {
  const retired: (readonly Fork[])[] = [];
  const retire = vi.fn(() =>
    Object.assign(copy, {
      currentSessionID: original.crypto.newRandomSessionID(copy.getCurrentAccountOrAgentID()),
    }),
  );
  const stop = guardSessionID({
    ...{
      platform: on,
      node: copy,
      sync,
      transports,
      logger,
      isKept: false,
      retiredIDs,
      retire,
    },
    onRetired: (forks) => Promise.resolve(void retired.push(forks)),
  });
  onTestFinished(stop);
  return { sync, retired, retire };
}

function write(value: RawCoMap, count: number): void {
  const own = copy.expectCoValueLoaded(value.id).getCurrentContent() as RawCoMap;
  for (let edit = 0; edit < count; edit++) own.set(`copy ${edit}`, edit);
}

/** The relay claims more of the map than it can deliver. */
function claim(count: number): void {
  const [peer] = copy.syncManager.getServerPeers(map.id);
  if (!peer) throw new Error('no relay');
  const sessions = { ...copy.getCoValue(map.id).knownState().sessions, [copy.currentSessionID]: count };
  copy.syncManager.handleSyncMessage({ action: 'known', id: map.id, header: true, sessions }, peer);
}

describe('a session ID that a copy of the browser profile also uses', () => {
  test.each([
    ['the relay has more transactions', 0],
    ['the relay has as many transactions', 1],
    ['the relay has fewer transactions', 3],
  ])('[TABS-9] is retired if %s', async (_, count) => {
    await upload();
    const { retired, retire } = guarded();
    write(map, count);
    await until(() => expect(retired).toHaveLength(1));
    expect(retire).toHaveBeenCalledOnce();
    expect(retired[0]).toEqual(
      count === 0 ? [] : [{ id: map.id, sessionID: original.currentSessionID, from: 1, count: 1 + count }],
    );
  });

  test('is retired together with the forks of everything that waits for the relay', async () => {
    await upload();
    const { retired } = guarded();
    write(map, 2);
    write(other, 1);
    await until(() => expect(retired).toHaveLength(1));
    expect(retired[0]?.map(({ id }) => id).toSorted()).toEqual([map.id, other.id].toSorted());
  });

  test('is retired also for known states that arrived before the session was open', async () => {
    await upload();
    const warned = vi.spyOn(logger, 'warn');
    const sync = connect(copy);
    write(map, 3);
    await until(() => expect(warned).toHaveBeenCalled());
    const { retired } = guarded({ sync });
    await until(() => expect(retired).toHaveLength(1));
  });

  test('is kept if another tab sent what this one wrote', async () => {
    await upload();
    for (const piece of contentOf(original)) copy.syncManager.handleNewContent(piece, 'import');
    const { sync, retired } = guarded();
    sync.pause();
    write(map, 1);
    expect(sync.stateOf(map).current.confirmed).toBe('pending');
    for (const piece of contentOf(copy)) original.syncManager.handleNewContent(piece, 'import');
    const other = connect(original);
    await untilConfirmed(other);
    sync.resume();
    await untilConfirmed(sync);
    expect(retired).toEqual([]);
  });

  test('is kept after a check that needs the session’s transports and several attempts', async () => {
    await upload();
    for (const piece of contentOf(original)) copy.syncManager.handleNewContent(piece, 'import');
    let isFull = false;
    let refused = 0;
    const webSocket = createWebSocketTransport(platform.openWebSocket);
    const transport: Transport = {
      name: 'test',
      open(url, on) {
        // The session's own connection has room.
        if (!isFull || sync.current.peers[0]?.phase !== 'connected') return webSocket.open(url, on);
        refused++;
        setTimeout(() => on.closed(createKernelError('RELAY_UNREACHABLE', 'no room')));
        return { send: () => {}, bufferedBytes: 0, close: () => {} };
      },
    };
    const transports = [transport];
    const { sync, retired } = guarded({
      sync: connect(copy, { url: relay.url, transports }),
      transports,
    });
    await untilConfirmed(sync);
    isFull = true;
    claim(50);
    await until(() => expect(refused).toBe(2));
    const opened = vi.spyOn(webSocket, 'open');
    isFull = false;
    await until(() => expect(opened).toHaveBeenCalledOnce());
    write(map, 1);
    await untilConfirmed(sync);
    expect(retired).toEqual([]);
  });

  test('is kept if a relay claims transactions that it cannot deliver, and the claim confirms nothing', async () => {
    await upload();
    for (const piece of contentOf(original)) copy.syncManager.handleNewContent(piece, 'import');
    const { sync, retired } = guarded();
    await untilConfirmed(sync);
    const opened = vi.spyOn(platform, 'openWebSocket');
    claim(50);
    await until(() => expect(opened).toHaveBeenCalledOnce());
    write(map, 1);
    await untilConfirmed(sync);
    expect(retired).toEqual([]);
  });

  test('[TABS-9] is retired after a minute if this page has lost three before', async () => {
    await upload();
    const waits: [ms: number, run: () => void][] = [];
    const clock: Clock = {
      ...platform.clock,
      after: (ms, run) => {
        if (ms < 60_000) return platform.clock.after(ms, run);
        waits.push([ms, run]);
        return () => {};
      },
    };
    const refused = vi.spyOn(logger, 'warn');
    const { retired, retire } = guarded({ retiredIDs: 3, on: { ...platform, clock } });
    write(map, 3);
    await until(() => expect(refused).toHaveBeenCalledWith(expect.any(String), { code: 'RELAY_REFUSED' }));
    await until(() => expect(waits).toEqual([[60_000, expect.any(Function)]]));
    expect(retire).not.toHaveBeenCalled();
    waits[0]?.[1]();
    await until(() => expect(retired).toHaveLength(1));
  });
});

describe('what an earlier run of a copied browser profile left', () => {
  let device: SharedDevice;
  let sessionID: LocalNode['currentSessionID'];
  beforeEach(() => {
    device = createSharedDevice();
    sessionID = copy.currentSessionID;
  });

  /** An offline run of the copy, which edits the map once. Returns its node. */
  async function runOffline(): Promise<LocalNode> {
    const { storage, memory } = device.openTab();
    const { agentSecret } = copy;
    const crypto = await createSessionCrypto();
    const node = createSessionNode({ crypto, agentSecret, sessionID, genesisTimeMs });
    node.setStorage(storage);
    const sync = startSync({ node, sync: false, storage, memory, platform, logger });
    for (const piece of contentOf(original)) node.syncManager.handleNewContent(piece, 'import');
    (node.expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap).set('copy', 'last');
    await sync.whenSaved();
    await sync.close();
    return node;
  }

  /** The copy's next run, which has loaded nothing when it connects. */
  async function runAgain(ownID = sessionID, isCustom = false): Promise<SyncPeers> {
    const tab = device.openTab();
    const { stored, ...custom } = tab.storage;
    const storage = isCustom ? custom : { ...custom, stored };
    const { agentSecret } = copy;
    const crypto = await createSessionCrypto();
    copy = createSessionNode({ crypto, agentSecret, sessionID: ownID, genesisTimeMs });
    copy.setStorage(storage);
    const { memory } = tab;
    const sync = startSync({ node: copy, sync: { url: relay.url }, storage, memory, platform, logger });
    onTestFinished(() => sync.close());
    return sync;
  }

  async function confirm(): Promise<void> {
    const sync = connect(original);
    await untilConfirmed(sync);
    await sync.close();
  }

  test.each([
    { whose: 'the same session ID', isCustom: false },
    { whose: 'another session ID', isCustom: false },
    { whose: 'the same session ID and an app’s own storage', isCustom: true },
  ])(
    '[TABS-9] does not count as what the original wrote, in a run with $whose',
    async ({ whose, isCustom }) => {
      await runOffline();
      map.set('original', 'last');
      await confirm();
      const newID = copy.crypto.newRandomSessionID(copy.getCurrentAccountOrAgentID());
      const sync = await runAgain(whose.startsWith('another') ? newID : sessionID, isCustom);
      const { retired } = guarded({ sync });
      await until(() => expect(retired).toEqual([[{ id: map.id, sessionID, from: 1, count: 2 }]]));
      expect(sync.stateOf(map.id).current.confirmed).toBe('pending');
    },
  );

  test('[TABS-9] is written again once the device saves, so that the next run does not find it again', async () => {
    await runOffline();
    map.set('original', 'last');
    await confirm();
    const warned = vi.spyOn(logger, 'warn');
    const sync = await runAgain(copy.crypto.newRandomSessionID(copy.getCurrentAccountOrAgentID()));
    if (!copy.storage) throw new Error('no storage');
    const current = { state: 'failing' };
    Object.assign(copy.storage, { queuedContent: 1, status: { current } });
    const { retired } = guarded({ sync });
    await until(() =>
      expect(warned).toHaveBeenCalledWith(expect.any(String), {
        error: new Error('The edits of an earlier run are written again once the device saves.'),
      }),
    );
    expect(retired).toEqual([]);
    Object.assign(copy.storage, { queuedContent: 0, status: { current: { state: 'ok' } } });
    await until(() => expect(retired).toEqual([[{ id: map.id, sessionID, from: 1, count: 2 }]]));
  });

  test('[TABS-9] does not count as what the original wrote while it cannot be read', async () => {
    await runOffline();
    map.set('original', 'last');
    await confirm();
    const warned = vi.spyOn(logger, 'warn');
    const sync = await runAgain();
    const { storage } = copy;
    if (!storage) throw new Error('no storage');
    // As the kernel's storage does, which delivers what it could not read once it can.
    const late: (() => void)[] = [];
    const { load } = storage;
    const failing = vi.spyOn(storage, 'load').mockImplementation((id, onContent, done) => {
      late.push(() => load(id, onContent));
      done?.(false);
    });
    const { retired } = guarded({ sync });
    await until(() => expect(warned).toHaveBeenCalled());
    expect(sync.stateOf(map.id).current.confirmed).toBe('pending');
    failing.mockRestore();
    for (const deliver of late) deliver();
    await until(() => expect(retired).toEqual([[{ id: map.id, sessionID, from: 1, count: 2 }]]));
  });

  test('[TABS-9] does not count as what the original wrote if the relay filled the memory meanwhile', async () => {
    await runOffline();
    map.set('original', 'last');
    await confirm();
    const sync = await runAgain();
    for (const piece of contentOf(original)) copy.syncManager.handleNewContent(piece, 'import');
    const { retired } = guarded({ sync });
    // The session that takes over reads the disk, and finds the fork.
    await until(() => expect(retired).toEqual([[]]));
    expect(sync.stateOf(map.id).current.confirmed).toBe('pending');
  });

  test('is sent if the relay has only what was written before it', async () => {
    await runOffline();
    await confirm();
    const sync = await runAgain();
    const { retired } = guarded({ sync });
    await untilConfirmed(sync);
    expect(retired).toEqual([]);
  });

  test('counts once the relay has it, without being loaded, and without a second connection', async () => {
    const node = await runOffline();
    for (const piece of contentOf(node)) original.syncManager.handleNewContent(piece, 'import');
    await confirm();
    const opened = vi.spyOn(platform, 'openWebSocket');
    const sync = await runAgain();
    const { retired } = guarded({ sync });
    await untilConfirmed(sync);
    expect(retired).toEqual([]);
    expect(opened).toHaveBeenCalledOnce();
    expect(copy.isCoValueInMemory(map.id) && copy.getCoValue(map.id).isAvailable()).toBe(false);
  });
});
