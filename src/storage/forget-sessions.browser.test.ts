import { LocalNode, type RawCoID, type RawCoMap, type SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { silentLogger } from '../platform/logger.ts';
import { contentDatabaseName } from './content-database.ts';
import type { DeviceStorage } from './device-storage.ts';
import { forgetSessions } from './forget-sessions.ts';
import { openDeviceStorage } from './open-device-storage.ts';

let accountID: string;
let node: LocalNode;
let maps: readonly [RawCoMap, RawCoMap];

const openStorage = (): Promise<DeviceStorage> =>
  openDeviceStorage({
    kind: 'cojson-indexeddb',
    accountID,
    platform: createBrowserPlatform(),
    logger: silentLogger,
  });

beforeEach(async () => {
  accountID = `forget-sessions-${crypto.randomUUID()}`;
  const wasm = await WasmCrypto.create();
  const secret = wasm.newRandomAgentSecret();
  node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  const storage = await openStorage();
  node.setStorage(storage);
  const group = node.createGroup();
  maps = [group.createMap({ n: 1 }), group.createMap({ n: 2 })];
  await Promise.resolve(); // cojson hands edits to the storage in a microtask.
  await storage.close();
});
afterEach(() => indexedDB.deleteDatabase(contentDatabaseName(accountID)));

/** The sessions that are stored of a CoValue; undefined where nothing is. */
async function storedOf(id: RawCoID): Promise<readonly string[] | undefined> {
  const storage = await openStorage();
  try {
    const sessions: string[] = [];
    const isThere = await new Promise<boolean>((resolve) =>
      storage.load(
        id,
        (content) => {
          // What it depends on comes first.
          if (content.id === id) sessions.push(...Object.keys(content.new));
        },
        resolve,
      ),
    );
    return isThere ? sessions : undefined;
  } finally {
    await storage.close();
  }
}

it('takes one session of one CoValue away, and leaves all else', async () => {
  const [forgotten, kept] = maps;
  const session = node.currentSessionID;
  await forgetSessions(indexedDB, contentDatabaseName(accountID), [{ id: forgotten.id, sessionID: session }]);
  expect(await storedOf(forgotten.id)).toEqual([]);
  expect(await storedOf(kept.id)).toEqual([session]);
  expect(await storedOf(kept.group.id)).toEqual([session]);
});

it('does nothing about what is not there, and makes no database', async () => {
  const [map] = maps;
  const unknown = { id: map.id, sessionID: `${node.currentSessionID}x` as SessionID };
  await forgetSessions(indexedDB, contentDatabaseName(accountID), [unknown]);
  expect(await storedOf(map.id)).toEqual([node.currentSessionID]);
  await forgetSessions(indexedDB, contentDatabaseName('nobody'), [unknown]);
  const names = (await indexedDB.databases()).map(({ name }) => name);
  expect(names).not.toContain(contentDatabaseName('nobody'));
});
