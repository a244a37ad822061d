import type { Locator } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn, signUpThere } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

/** The drawn position of a priority's p99, in pixels, on a fixed axis. */
const placeOf = async (row: Locator): Promise<number> =>
  (await row.locator('circle').boundingBox())?.x ?? NaN;

test('an edit under “Slow 3G” takes longer to be confirmed than the one before, and longer than to be saved', async ({
  page,
  app,
  relay,
}) => {
  await addAuthenticator(page);
  await openDevtoolsPage(page, app.origin);
  await signUpThere(page, relay.port);
  // Mounted late, because the content of a sign-up waits for the first connection.
  await page.evaluate(() => devtools.mount({ open: true }));
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Lag/ }).click();
  const table = panel.getByRole('table', { name: 'Lag by rung and priority' });
  const rowOf = (rung: string) => table.getByRole('row', { name: `${rung} Medium`, exact: false });
  const countOf = async (rung: string) =>
    Number((await rowOf(rung).getByRole('cell').first().innerText()).replace(',', ''));
  const untilConfirmed = () =>
    expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');

  await page.evaluate(() => bareApp.set('n', 1));
  await untilConfirmed();
  // Not an exact count: the account's record of the relay's receipt is an edit, too, about ten seconds after the sign-up.
  await expect.poll(() => countOf('Confirmed')).toBeGreaterThan(0);
  await expect(table.getByRole('rowgroup', { name: 'Durable' })).toContainText('same as confirmed');
  await expect(panel.getByRole('tab', { name: /Lag p95 \d/ })).toBeVisible();
  const before = await placeOf(rowOf('Confirmed'));

  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Slow 3G/ }).click();
  await panel.getByRole('button', { name: /^Start/ }).click();
  await untilConfirmed();
  await panel.getByRole('tab', { name: /Lag/ }).click();
  await page.evaluate(() => bareApp.set('n', 2));
  await untilConfirmed();
  await expect.poll(() => placeOf(rowOf('Confirmed'))).toBeGreaterThan(before);
  expect(await placeOf(rowOf('Confirmed'))).toBeGreaterThan(await placeOf(rowOf('Saved')));
});
