import { addAuthenticator } from './support/authenticator.ts';
import { keysIn, test, untilConfirmed, untilSaved } from './support/five-tabs.ts';
import type { Tab } from './support/tabs.ts';
import { expect } from './support/test.ts';

test('what a killed tab has saved is not lost, and another tab uploads it', async ({
  tabs,
  relay,
  relayURL,
  browser,
  app,
}) => {
  const mapIDs = await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  await untilConfirmed(tabs);
  await relay.kill();
  const [writer] = tabs.all as [Tab];
  await writer.edit(0);
  await untilSaved(writer);
  // More edits, up to the kill: these may or may not have been saved.
  const writing = Array.from({ length: 20 }, () => writer.edit(0).catch(() => false));
  await writer.kill();
  await Promise.all(writing);
  await relay.start();
  await untilConfirmed(tabs);
  const saved = tabs.told.map(({ key }) => key);
  expect(saved).toContain('1.1');

  // On another device, which has only what the relay has.
  const elsewhere = await browser.newContext();
  try {
    await elsewhere.exposeFunction('told', () => {});
    const page = await elsewhere.newPage();
    await page.goto(`${app.origin}/tabs.html`);
    await addAuthenticator(page);
    await page.evaluate(([url, ids]) => tabApp.join(url, ids), [relayURL, mapIDs] as const);
    await expect.poll(() => keysIn(page)).toEqual(expect.arrayContaining(saved));
  } finally {
    await elsewhere.close();
  }
  expect(tabs.refusals).toEqual([]);
});
