import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, expect, it } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { silentLogger } from '../../base/logger.ts';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage, type KeptKind } from '../../../test/support/storage/open-storage.ts';
import { startSync } from '../start-sync.ts';
import { until } from '../../../test/support/until.ts';

const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await createDatabases(indexedDB).deleteAll();
});

async function openTab(kind: KeptKind, accountID: string) {
  const storage = await openStorage(kind, accountID);
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const platform = createBrowserPlatform();
  const tabs = { name: accountID, platform };
  const sync = startSync({ node, storage, platform, tabs, sync: false, logger: silentLogger });
  ends.push(() => storage.close(), sync.close);
  return { node, sync };
}

it.each(['kernel', 'cojson-indexeddb'] as const)(
  'tabs see each other’s edits in content stored by %s',
  async (kind) => {
    const accountID = `tabs-${crypto.randomUUID()}`;
    const first = await openTab(kind, accountID);
    const second = await openTab(kind, accountID);
    const map = first.node.createGroup().createMap();
    // The second tab looks up the map before it is stored.
    void second.node.load(map.id);
    await until(() => expect(second.node.getCoValue(map.id).isAvailable()).toBe(true));
    const same = second.node.expectCoValueLoaded(map.id).getCurrentContent() as RawCoMap;
    for (let edit = 0; edit < 20; edit++) {
      map.set(`first ${edit}`, edit);
      same.set(`second ${edit}`, edit);
    }
    await until(() => expect(map.keys()).toHaveLength(40));
    await until(() => expect(same.toJSON()).toEqual(map.toJSON()));
    expect(second.sync.current.confirmed.pending).toBe(2);

    // A third tab finds everything.
    const third = await openTab(kind, accountID);
    const late = await third.node.load(map.id);
    expect(late !== 'unavailable' && late.toJSON()).toEqual(map.toJSON());
  },
);
