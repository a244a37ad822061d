import { join } from 'node:path';
import type * as Kernel from '@MaiaOS/kernel';
import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { root } from './support/servers.ts';
import { expect, test } from './support/test.ts';

/**
 * The number of transactions of each CoValue of the page's node, by session; read from cojson, bypassing
 * our own counting.
 */
function knownStates(page: Page): Promise<Record<string, string>> {
  return page.evaluate(
    async (url) => {
      const { activeSession } = (await import(url)) as typeof Kernel;
      const node = activeSession.current?.node;
      const cores = [...(node?.allCoValues() ?? [])].filter((core) => core.isAvailable());
      return Object.fromEntries(cores.map((core) => [core.id, JSON.stringify(core.knownState())]));
    },
    `/@fs${join(root, 'src/index.ts')}`,
  );
}

test('the panel’s numbers match the node’s', async ({ page, relay, devOrigin }) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();

  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused text field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  const panel = page
    .getByRole('region', { name: 'maia devtools' })
    .or(page.getByRole('complementary', { name: 'maia devtools' }));
  await expect(panel).toBeVisible();
  const rows = panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]');
  await expect(rows).toHaveCount(0);

  await relay.stop();
  const before = await knownStates(page);
  await app.addItem('Milk');
  await app.addItem('Eggs');
  await app.tick('Bread');
  const after = await knownStates(page);
  const edited = Object.keys(after).filter((id) => after[id] !== before[id]);
  expect(edited.length).toBeGreaterThanOrEqual(4); // the list, two new items, one changed
  // The panel rests eighty times as long as a reading took, which is long on a busy machine.
  await expect(rows).toHaveCount(edited.length, { timeout: 60_000 });
  const shown = await rows.evaluateAll((elements) =>
    elements.map((element) => element.getAttribute('data-id')),
  );
  expect(shown.sort()).toEqual(edited.sort());

  await panel.getByRole('tab', { name: /Peers/ }).click();
  await expect(panel.getByRole('article')).toContainText(/attempt/i);
  await relay.start();
  await backOnline(page);
  await app.untilStored();
  await expect(panel.getByRole('article')).toContainText(/connected/i);
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await expect(rows.filter({ hasNotText: 'arrived' })).toHaveCount(0, { timeout: 15_000 });
});
