import { LocalNode, type CoID, type RawCoMap, type RawGroup, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeviceStorage } from '../storage/device-storage.ts';
import { failIndexedDB } from '../../test/support/storage/failing-indexeddb.ts';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { openStorage } from '../../test/support/storage/open-storage.ts';
import { createSpareSession } from './spare-session.ts';

// Two runs with one session ID on real storage. Most tests load no more than the group before the second run writes.

describe.each(['kernel', 'cojson-indexeddb'] as const)('on %s', (kind) => {
  const uniqueness = { uniqueness: 'settings' };
  const large = 'x'.repeat(150_000);
  const own = 'own' as SessionID;
  const spare = 'spare' as SessionID;
  let first: LocalNode;
  let mapID: CoID<RawCoMap>;
  let groupID: CoID<RawGroup>;
  let node: LocalNode;
  let storage: DeviceStorage;

  beforeEach(async () => {
    const crypto = await WasmCrypto.create();
    const secret = crypto.newRandomAgentSecret();
    const agentID = crypto.getAgentID(secret);
    const sessionID = crypto.newRandomSessionID(agentID);
    first = new LocalNode(secret, sessionID, crypto);
    first.setStorage(await openStorage(kind, 'co_zTwoRuns'));
    const group = first.createGroup();
    const map = group.createMap({}, null, 'private', uniqueness);
    for (const key of ['a', 'b', 'c']) map.set(key, large);
    [mapID, groupID] = [map.id, group.id];
    await first.gracefulShutdown();

    const secondCrypto = await WasmCrypto.create();
    storage = await openStorage(kind, 'co_zTwoRuns');
    node = new LocalNode(secret, sessionID, secondCrypto);
    node.setStorage(storage);
    createSpareSession({
      node,
      spareID: secondCrypto.newRandomSessionID(agentID),
      isReliable: () => storage.status.current.state === 'ok',
    });
  });
  afterEach(async () => {
    await node.gracefulShutdown();
    await createDatabases(indexedDB).deleteAll();
  });

  async function loaded<T extends RawCoMap | RawGroup>(id: CoID<T>): Promise<T> {
    const value = await node.load(id);
    if (value === 'unavailable') throw new Error('not loaded');
    return value as T;
  }

  /** The part of the map that is in memory: stock storage loads a large CoValue in pieces. */
  function current(): RawCoMap {
    return node.expectCoValueLoaded(mapID).getCurrentContent() as RawCoMap;
  }

  /** The session in which each key was written. */
  function writers(map: RawCoMap): Record<string, SessionID> {
    return Object.fromEntries(
      map.keys().map((key) => {
        const sessionID = map.lastEditAt(key)?.tx.sessionID;
        return [key, sessionID === first.currentSessionID ? own : spare];
      }),
    );
  }

  /** Reopens the node: in a forked session, the stored transactions would not match those in memory. */
  async function expectNoFork(expected: Record<string, SessionID>): Promise<void> {
    await node.gracefulShutdown();
    storage = await openStorage(kind, 'co_zTwoRuns');
    node = new LocalNode(first.agentSecret, first.currentSessionID, await WasmCrypto.create());
    node.setStorage(storage);
    await loaded(mapID);
    await expect.poll(() => writers(current())).toEqual(expected);
  }

  const earlier = { a: own, b: own, c: own };

  describe('a resumed session', () => {
    test('is used for a loaded CoValue and for a new one', async () => {
      await loaded(mapID);
      await expect.poll(() => writers(current())).toEqual(earlier);
      current().set('d', 1);
      expect(writers(current())).toEqual({ ...earlier, d: own });
      const other = (await loaded(groupID)).createMap({ key: 1 });
      expect(writers(other)).toEqual({ key: own });
      await expectNoFork({ ...earlier, d: own });
    });

    test('is not used for a CoValue created again under its known ID', async () => {
      const map = (await loaded(groupID)).createMap({}, null, 'private', uniqueness);
      expect(map.id).toBe(mapID);
      map.set('d', 1);
      expect(writers(map)).toEqual({ d: spare });
      await expectNoFork({ ...earlier, d: spare });
    });

    test('is not used for a CoValue imported before it is read from the storage', async () => {
      await loaded(groupID);
      const [piece] = first.getCoValue(mapID).newContentSince() ?? [];
      if (!piece) throw new Error('no content');
      for (const session of Object.values(piece.new)) {
        expect(session.newTransactions.length).toBeLessThan(3);
      }
      node.syncManager.handleNewContent(piece, 'import');
      current().set('d', 1);
      expect(writers(current())).toMatchObject({ d: spare });
      await expectNoFork({ ...earlier, d: spare });
    });

    // The kernel’s storage always loads a CoValue whole.
    if (kind === 'cojson-indexeddb') {
      test('is not used for a CoValue that was read in part', async () => {
        await loaded(groupID);
        const map = await loaded(mapID);
        expect(writers(map)).toEqual({ a: own });
        map.set('d', 1);
        expect(writers(map)).toEqual({ a: own, d: spare });
        await expectNoFork({ ...earlier, d: spare });
      });
    }

    test('is not used for a CoValue that a failing storage did not find', async () => {
      const group = await loaded(groupID);
      const load = storage.load.bind(storage);
      const works = failIndexedDB(
        () => true,
        new DOMException('The database connection is closing.', 'InvalidStateError'),
      );
      await new Promise((resolve) => storage.load(mapID, () => {}, resolve));
      works();
      const map = group.createMap({}, null, 'private', uniqueness);
      map.set('d', 1);
      expect(writers(map)).toEqual({ d: spare });
      storage.load = load;
      await expectNoFork({ ...earlier, d: spare });
    });
  });
});
