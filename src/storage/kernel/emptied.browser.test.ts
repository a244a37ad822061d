import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { silentLogger } from '../../base/logger.ts';
import { startSync } from '../../sync/start-sync.ts';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { openStorage } from '../../../test/support/storage/open-storage.ts';
import { until } from '../../../test/support/until.ts';

const wasm = await WasmCrypto.create();
const secret = wasm.newRandomAgentSecret();
const databases = createDatabases(indexedDB);
let accountID: string;
const name = () => `maia-${accountID}`;
const ends: (() => Promise<unknown>)[] = [];
/** What an earlier run wrote. */
let ids: { readonly edited: RawCoMap['id']; readonly read: RawCoMap['id'] };

beforeEach(async () => {
  accountID = `emptied-${crypto.randomUUID()}`;
  const { node, sync } = await openTab();
  const edited = node.createGroup().createMap({ word: 'before' });
  const read = node.createGroup().createMap({ word: 'before' });
  ids = { edited: edited.id, read: read.id };
  await sync.whenSaved();
  await end();
});
afterEach(async () => {
  await end();
  await databases.delete(name());
});

async function openTab() {
  const storage = await openStorage('kernel', accountID);
  const node = new LocalNode(secret, wasm.newRandomSessionID(wasm.getAgentID(secret)), wasm);
  node.setStorage(storage);
  const platform = createBrowserPlatform();
  const tabs = { name: accountID, platform };
  const sync = startSync({ node, storage, platform, tabs, sync: false, logger: silentLogger });
  ends.push(() => storage.close(), sync.close);
  return { node, sync, storage };
}
type Tab = Awaited<ReturnType<typeof openTab>>;

async function end(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

async function load({ node }: Tab, id: RawCoMap['id']): Promise<RawCoMap> {
  const map = await node.load(id);
  if (map === 'unavailable') throw new Error('it should be stored');
  return map;
}

async function empty(): Promise<void> {
  for (const store of ['session-ids', 'segments', 'ledger', 'relay-records', 'deleted']) {
    await databases.request(name(), store, (records) => (records.clear(), records.count()));
  }
}

describe.each([
  { by: 'emptied', lose: empty },
  { by: 'deleted', lose: () => databases.delete(name()) },
])('a database $by while the app runs', ({ lose }) => {
  it('[STORE-4] gets what this tab had read from it with the next edit', async () => {
    const tab = await openTab();
    await load(tab, ids.read);
    const edited = await load(tab, ids.edited);
    await lose();
    edited.set('word', 'after');
    await tab.sync.whenSaved();
    await end();
    const next = await openTab();
    expect((await load(next, ids.edited)).get('word')).toBe('after');
    expect((await load(next, ids.read)).get('word')).toBe('before');
  });

  it('[STORE-4] gets the edits of two tabs, which count as saved', async () => {
    const tabs = [await openTab(), await openTab()];
    const maps = await Promise.all(tabs.map((tab) => load(tab, ids.edited)));
    await lose();
    for (const [at, map] of maps.entries()) map.set(`tab ${at}`, 'after');
    await Promise.all(tabs.map(({ sync }) => sync.whenSaved()));
    await until(() => expect(maps.map((map) => map.keys().length)).toEqual([3, 3]));
    await end();
    const next = await load(await openTab(), ids.edited);
    expect(next.toJSON()).toEqual({ word: 'before', 'tab 0': 'after', 'tab 1': 'after' });
  });

  it('[STORE-4] gives a tab what it lacked to read another tab’s edit, which then counts as saved there, too', async () => {
    const writing = await openTab();
    const other = await openTab();
    const edited = await load(writing, ids.edited);
    await lose();
    edited.set('word', 'after');
    await writing.sync.whenSaved();
    await other.sync.whenSaved();
    expect((await load(other, ids.edited)).get('word')).toBe('after');
  });
});
