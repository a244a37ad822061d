import { keysIn, stateOf, test, untilConfirmed, untilSaved } from './support/five-tabs.ts';
import type { Tab, Tabs } from './support/tabs.ts';
import { expect } from './support/test.ts';

// Five tabs of one account on one device see each other's edits, and upload each about once.

const sorted = (keys: readonly string[]) => [...keys].toSorted();

async function untilAllSee(tabs: Tabs, keys: readonly string[]): Promise<void> {
  for (const { page } of tabs.all)
    await expect.poll(async () => sorted(await keysIn(page))).toEqual(sorted(keys));
}

test('without a relay, tabs see each other’s edits, also after a reload', async ({
  tabs,
  relay,
  relayURL,
}) => {
  await relay.stop();
  const mapIDs = await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  const keys = tabs.all.map(({ number }) => `${number}.1`);
  for (const tab of tabs.all) expect(await tab.edit(0)).toBe(true);
  await untilAllSee(tabs, keys);
  // Each tab counts what no relay has: the account's first content, the group and the map.
  const pending = await Promise.all(tabs.all.map(async ({ page }) => (await stateOf(page))?.unconfirmed));
  expect(pending.every((count) => count !== undefined && count > 0)).toBe(true);

  const [first, second] = tabs.all as [Tab, Tab];
  await second.page.reload();
  await second.page.waitForFunction(() => 'tabApp' in globalThis);
  await second.page.evaluate(([url, ids]) => tabApp.resume(url, ids), [relayURL, mapIDs] as const);
  await untilAllSee(tabs, keys);
  await first.edit(0);
  await second.page.evaluate(() => tabApp.edit(0, 'reloaded'));
  await untilAllSee(tabs, [...keys, '1.2', 'reloaded']);
  expect(tabs.refusals).toEqual([]);
});

test('with a relay, each edit is uploaded about once, and every tab learns that it is confirmed', async ({
  tabs,
}) => {
  await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  await untilConfirmed(tabs);
  const before = tabs.uploads;
  const rounds = 10;
  for (let round = 0; round < rounds; round++) {
    for (const tab of tabs.all) await tab.edit(0);
  }
  const keys = tabs.all.flatMap(({ number }) =>
    Array.from({ length: rounds }, (_, at) => `${number}.${at + 1}`),
  );
  await untilAllSee(tabs, keys);
  await untilConfirmed(tabs);
  const uploads = tabs.uploads - before;
  expect(uploads).toBeGreaterThan(0);
  expect(uploads).toBeLessThanOrEqual(keys.length * 1.5);
  expect(tabs.refusals).toEqual([]);
});
