import type { RawCoMap } from 'cojson';
import { afterEach, expect, it } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { createBrowserTabs } from '../../../test/support/sync/browser-tabs.ts';
import { until } from '../../../test/support/until.ts';

const accountID = `tabs-${crypto.randomUUID()}`;
const tabs = createBrowserTabs(accountID);
afterEach(async () => {
  await tabs.end();
  await createDatabases(indexedDB).deleteAll();
});

it.each(['kernel', 'cojson-indexeddb'] as const)(
  'tabs see each other’s edits in content stored by %s',
  async (kind) => {
    const first = await tabs.open(kind);
    const second = await tabs.open(kind);
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
    const third = await tabs.open(kind);
    const late = await third.node.load(map.id);
    expect(late !== 'unavailable' && late.toJSON()).toEqual(map.toJSON());
  },
);
