import type { RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { createBrowserTabs, type BrowserTab } from '../../../test/support/sync/browser-tabs.ts';
import { until } from '../../../test/support/until.ts';

const databases = createDatabases(indexedDB);
let accountID: string;
const name = () => `maia-${accountID}`;
let tabs: ReturnType<typeof createBrowserTabs>;
/** What an earlier run wrote. */
let ids: { readonly edited: RawCoMap['id']; readonly read: RawCoMap['id'] };

beforeEach(async () => {
  accountID = `emptied-${crypto.randomUUID()}`;
  tabs = createBrowserTabs(accountID);
  const { node, sync } = await tabs.open();
  const edited = node.createGroup().createMap({ word: 'before' });
  const read = node.createGroup().createMap({ word: 'before' });
  ids = { edited: edited.id, read: read.id };
  await sync.whenSaved();
  await tabs.end();
});
afterEach(async () => {
  await tabs.end();
  await databases.delete(name());
});

async function load({ node }: BrowserTab, id: RawCoMap['id']): Promise<RawCoMap> {
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
    const tab = await tabs.open();
    await load(tab, ids.read);
    const edited = await load(tab, ids.edited);
    await lose();
    edited.set('word', 'after');
    await tab.sync.whenSaved();
    await tabs.end();
    const next = await tabs.open();
    expect((await load(next, ids.edited)).get('word')).toBe('after');
    expect((await load(next, ids.read)).get('word')).toBe('before');
  });

  it('[STORE-4] gets the edits of two tabs, which count as saved', async () => {
    const both = [await tabs.open(), await tabs.open()];
    const maps = await Promise.all(both.map((tab) => load(tab, ids.edited)));
    await lose();
    for (const [at, map] of maps.entries()) map.set(`tab ${at}`, 'after');
    await Promise.all(both.map(({ sync }) => sync.whenSaved()));
    await until(() => expect(maps.map((map) => map.keys().length)).toEqual([3, 3]));
    await tabs.end();
    const next = await load(await tabs.open(), ids.edited);
    expect(next.toJSON()).toEqual({ word: 'before', 'tab 0': 'after', 'tab 1': 'after' });
  });

  it('[STORE-4] gives a tab what it lacked to read another tab’s edit, which then counts as saved there, too', async () => {
    const writing = await tabs.open();
    const other = await tabs.open();
    const edited = await load(writing, ids.edited);
    await lose();
    edited.set('word', 'after');
    await writing.sync.whenSaved();
    await other.sync.whenSaved();
    expect((await load(other, ids.edited)).get('word')).toBe('after');
  });
});
