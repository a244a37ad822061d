import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn, relayURL, signUpThere } from './support/devtools-page.ts';
import { expectHeadline, expectNotAllWell, expectSituation } from './support/situations.ts';
import { addStorageFaults } from './support/storage-faults.ts';
import { expect, test } from './support/test.ts';
import { arrived, begin, edit, loseRightsWhileAway } from './support/verdicts.ts';

// Stuck situations whose cause is on this device: each view names it, and so does the inspector's JSON.

const makeMap = async (page: Page) => {
  const id = await page.evaluate(() => bareApp.makeMap());
  await arrived(page);
  return id;
};
const days = (count: number) => count * 86_400_000;

/** From the next page load on. */
const setClockOff = (page: Page, offMs: number) =>
  page.addInitScript((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
    globalThis.Date = new Proxy(Date, {
      construct: (target, args: unknown[]) =>
        Reflect.construct(target, args.length === 0 ? [Date.now()] : args) as Date,
    });
  }, offMs);

test('a second tab that is paused', async ({ page, context, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  const id = await makeMap(page);
  const second = await context.newPage();
  await openDevtoolsPage(second, app.origin, { open: true });
  await second.evaluate(
    async ([url, mapID]) => {
      await bareApp.resume([url]);
      await bareApp.openMap(mapID);
      devtools.inspect();
      document.title = 'Photos';
    },
    [relayURL(relay.port), id] as const,
  );
  await arrived(second);

  // Otherwise, the first tab would send the edit after a few seconds.
  const otherPanel = panelIn(second);
  for (const one of [panel, otherPanel])
    await one.getByRole('button', { name: 'Pause sync' }).first().click();
  await edit(second);
  const paused = {
    facts: /paused for/,
    why: /^Paused$/,
    next: /Resume sync/,
    codes: { cause: 'paused', step: 'resume' },
    reason: { kind: 'paused' },
  };
  await expectSituation(otherPanel, id, { headline: /^1 CoValue not confirmed$/, ...paused });
  await expectSituation(panel, id, {
    headline: /^Nothing is waiting in this tab; 1 CoValue is waiting in another tab$/,
    ...paused,
  });

  await panel.getByRole('tab', { name: /Tabs/ }).click();
  const row = panel.getByRole('grid', { name: 'Tabs of this account' }).getByRole('row', { name: /Photos/ });
  await expect(row).toContainText('is paused');
  await row.click();
  const details = panel.getByRole('region', { name: /^Details of Photos/ });
  await expect(details.locator('.verdict')).toHaveText('Paused, 1 CoValue not confirmed');
  await expect(details.locator('.next')).toContainText('Resume sync in that tab');
  await expect(details.locator('.next')).not.toContainText('no connection');
  await expect(panel.getByRole('tab', { name: /Queues/ })).toContainText('1 held back');

  await otherPanel.getByRole('button', { name: 'Resume sync' }).first().click();
  await arrived(second);
  await panel.getByRole('button', { name: 'Resume sync' }).first().click();
  await expect(panel.getByRole('heading', { level: 2 }).first()).toHaveText(/^Everything is confirmed/);
});

test('a device whose storage is full', async ({ page, app, relay }) => {
  await addStorageFaults(page);
  const panel = await begin(page, app.origin, relay.port);
  const id = await makeMap(page);
  await page.evaluate(() => storageFaults.begin('full'));
  await edit(page);
  await expectSituation(panel, id, {
    headline: /^1 CoValue not saved on this device$/,
    facts: /1 not saved on this device: storage is full/,
    why: /^Not saved on this device: storage is full$/,
    next: /Free some space/,
    codes: { cause: 'not-saved', step: 'free-space' },
    reason: { kind: 'not-saved', error: { code: 'STORAGE_FULL' } },
  });
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await expect(panel.locator('dt', { hasText: 'Missing from' }).locator('+ dd')).toHaveText('this device');
  await panel.getByRole('tab', { name: /Storage/ }).click();
  await expect(panel.getByRole('group', { name: /not saved/i })).toContainText('free space on this device');
  await page.evaluate(() => storageFaults.end());
  await expect.poll(() => page.evaluate(() => bareApp.state().unsaved)).toBe(0);
});

test('rights that were lost while this device was away', async ({ page, browser, app, relay }) => {
  const owner = await (await browser.newContext()).newPage();
  await begin(owner, app.origin, relay.port);
  const panel = await begin(page, app.origin, relay.port);
  const id = await loseRightsWhileAway(owner, page, panel);
  await expectSituation(panel, id, {
    headline: /^1 edit not counted$/,
    facts: /everything else is confirmed by localhost/,
    why: /^Not counted: you were removed at \d\d:\d\d$/,
    next: /Ask a manager or an admin/,
    codes: { cause: 'not-counted', step: 'ask-for-permission' },
    reason: { kind: 'not-counted', why: 'not-a-member-then', roleChange: { role: 'revoked' } },
  });
  await expect(panel.getByRole('tab', { name: /Unsynced/ }).locator('.stat.fail')).toHaveText('1');
  const struckOut = { name: /^Edits that no device shows/ };
  const row = panel.getByRole('grid', { name: 'All CoValues' }).locator(`[data-id="${id}"]`);
  await expect(row.getByRole('img', struckOut)).toBeVisible();
  await row.click();
  await expect(panel.locator('.covalue-bar')).toContainText('Not counted: you were removed at');
  await expect(panel.locator('.covalue-bar').getByRole('img', struckOut)).toBeVisible();
  await panel.getByRole('button', { name: /^Close \(/ }).click();
  await expect(page.getByRole('button', { name: /^maia devtools: 1 edit not counted/ })).toBeVisible();
  await owner.context().close();
});

test('a value that is too large', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  const id = await makeMap(page);
  const thrown = await page.evaluate(() => {
    try {
      bareApp.set('k'.repeat(1_200_000), 1);
      return undefined;
    } catch (error) {
      return { ...(error as object) };
    }
  });
  expect(thrown).toMatchObject({ code: 'VALUE_TOO_LARGE', details: { id, limitBytes: 1_048_576 } });
  await expectSituation(panel, id, {
    headline: /^1 edit refused on this device$/,
    facts: /everything else is confirmed by localhost/,
    why: /^Not made: the value is too large \(1\.2 MB, limit 1\.0 MB\)$/,
    next: /Split the value/,
    codes: { cause: 'not-made', step: 'split-value' },
    reason: { kind: 'not-made', error: { code: 'VALUE_TOO_LARGE' }, size: { limitBytes: 1_048_576 } },
  });
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const details = panel.getByRole('region', { name: /^Details of/ });
  await expect(details).toContainText('Other edits of this CoValue');
  await expect(details).not.toContainText('Since the edit');
  await panel.getByRole('button', { name: 'Dismiss' }).click();
  await expect(panel.getByRole('heading', { level: 2 }).first()).toHaveText(/^Everything is confirmed/);
});

test('a CoValue that no relay has', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  const id = await makeMap(page);
  const missing = `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`;
  const found = await page.evaluate((wanted) => devtools.node().load(wanted as never), missing);
  expect(found).toBe('unavailable');
  await expectHeadline(panel, /^Everything is confirmed/, /1 requested, not found/);
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await panel.getByRole('tabpanel').getByTitle(missing).click();
  await expect(panel.getByRole('tabpanel')).toContainText('Neither this device nor any relay');
  const { memory } = await page.evaluate(() => devtools.snapshot());
  expect(memory.notFound).toEqual({ count: 1, ids: [missing] });
  expect(await page.evaluate((wanted) => devtools.explain(wanted).verdict, missing)).toMatch(/^Not found/);
});

test('the text of an item that is too long stays in the field', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  const words = 'Milk '.repeat(250_000);
  const field = page.getByRole('textbox', { name: 'New item' });
  await field.fill(words);
  await field.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'Too long for one item' })).toContainText(
    'the limit is 2,000',
  );
  await expect(field).toHaveValue(words);
  await expect(page.getByRole('checkbox')).toHaveCount(1);
});

test('a clock that is three days ahead', async ({ page, app, relay }) => {
  await setClockOff(page, days(3));
  await addAuthenticator(page);
  await openDevtoolsPage(page, app.origin, { open: true });
  const panel = panelIn(page);
  await page.evaluate((url) => bareApp.signUp([url]), relayURL(relay.port));
  await page.evaluate(() => devtools.inspect());
  const id = await page.evaluate(() => bareApp.makeMap());
  await edit(page);
  await expectSituation(panel, id, {
    headline: /CoValues? not confirmed$/,
    facts: /this device’s clock is 3 days ahead of the relay’s/,
    why: /^Refused by localhost:\d+ \(clock\): this edit is dated more than 24 hours ahead/,
    next: /Correct the device’s date and time/,
    codes: { cause: 'refused', step: 'correct-clock' },
    reason: { kind: 'refused', refusal: 'clock' },
  });
});

test('a clock that is three days behind', async ({ page, browser, app, relay }) => {
  await setClockOff(page, days(-3));
  const panel = await begin(page, app.origin, relay.port);
  // This device dates its own creations by the same clock, so none of them is stuck.
  await expectHeadline(
    panel,
    /^This device’s clock is 3 days behind the relay’s$/,
    /everything else is confirmed by localhost/,
  );
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await expect(panel.getByRole('tabpanel')).toContainText('Correct the device’s date and time');
  const { clockOffsetMs } = await page.evaluate(() => devtools.snapshot().overview);
  expect(Math.abs((clockOffsetMs ?? 0) - days(3))).toBeLessThan(3_600_000);
  await expectNotAllWell(panel);

  // In groups that others have created since, it was not yet a member at the date of its edits.
  const owner = await (await browser.newContext()).newPage();
  await begin(owner, app.origin, relay.port);
  const id = await makeMap(owner);
  await page.evaluate((mapID) => bareApp.openMap(mapID), id);
  await edit(page);
  await expectSituation(panel, id, {
    headline: /^1 CoValue not confirmed$/,
    facts: /1 edit not counted.*this device’s clock is 3 days behind the relay’s/,
    why: /^Not counted: this device’s clock is 3 days behind the relay’s, so the edit is dated before you became a member$/,
    next: /^(Next: )?Correct the device’s date and time, then make the edit again/,
    codes: { cause: 'not-counted', step: 'correct-clock' },
    reason: { kind: 'not-counted', why: 'not-a-member-then' },
  });
  expect(await owner.evaluate(() => bareApp.read())).toEqual({});
  await owner.context().close();
});

test('an app that reports no version, at a relay that requires one', async ({ page, app, relay }) => {
  await addAuthenticator(page);
  await openDevtoolsPage(page, app.origin, { open: true });
  await signUpThere(page, relay.port);
  await page.evaluate(() => devtools.inspect());
  const panel = panelIn(page);
  const id = await makeMap(page);
  await relay.stop();
  try {
    await relay.start('--min-app-version', '2.0.0');
    await edit(page);
    await expectSituation(panel, id, {
      headline: /^1 CoValue not confirmed$/,
      facts: /requires version 2\.0\.0 or newer of this app, but the app reports no version/,
      why: /requires version 2\.0\.0 or newer of this app, but the app reports no version$/,
      next: /Pass `appVersion`/,
      codes: { cause: 'relay-failed', step: 'correct-options' },
      reason: { kind: 'relay-failed', error: { code: 'APP_OUTDATED' } },
    });
  } finally {
    await relay.stop(); // The next test starts it without the option.
  }
});
