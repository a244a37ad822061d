import type { Page } from '@playwright/test';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';
import { beginWithPanel } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

/** Creates a crew list in its own group, with a nested value; returns its ID. */
function makeCrewList(page: Page): Promise<string> {
  return page.evaluate(() => {
    const group = devtools.node().createGroup();
    group.addMember('everyone', 'reader');
    const picture = group.createBinaryStream();
    picture.startBinaryStream({ mimeType: 'image/png', fileName: '<img src=x>.png', totalSizeBytes: 4 });
    picture.pushBinaryStreamChunk(new Uint8Array([222, 173, 190, 239]));
    picture.endBinaryStream();
    const map = group.createMap(undefined, { type: 'crew/v2' });
    map.set('name', '<b>Crew</b> list');
    map.set('ana', { role: 'harbour master', since: '2024-03-01' });
    map.set('<i>photo</i>', picture.id);
    return map.id;
  });
}

const change = (page: Page, id: string, key: string, value: unknown) =>
  page.evaluate(
    async ([id, key, value]) => {
      const map = await devtools.node().load(id as CoID<RawCoMap>);
      if (map !== 'unavailable') map.set(key, value as string);
    },
    [id, key, value] as const,
  );

test('a CoValue is shown with the relay’s known state, its transactions and its value', async ({
  page,
  app,
  relay,
}) => {
  await relay.stop();
  await relay.start('--inspect');
  const panel = await beginWithPanel(page, app.origin, relay.port);
  const id = await makeCrewList(page);
  await panel.getByRole('tab', { name: /CoValue/ }).click();
  await expect(panel.getByRole('grid', { name: 'All CoValues' })).toBeVisible();

  const search = panel.getByRole('combobox', { name: 'Go to an ID or a name' });
  await search.fill('crew');
  await expect(panel.getByRole('option', { name: '<b>Crew</b> list' })).toBeVisible();
  await search.press('ArrowDown');
  await search.press('Enter');
  await expect(panel.getByRole('tab', { name: /CoValue/ })).toContainText('<b>Crew</b> list');

  const sessions = panel.getByRole('table', { name: 'Sessions' });
  const own = sessions.getByRole('row', { name: /this tab/ });
  await expect(own.getByRole('cell').nth(1)).toHaveText('3');
  await expect(own.getByRole('cell').nth(2)).toHaveText('3');
  await expect(panel.getByRole('table', { name: 'Members' })).toContainText('everyone');
  const transactions = panel.getByRole('table', { name: 'Transactions' });
  await expect(transactions.getByRole('row').first()).toContainText(/3 .*set <i>photo<\/i> = co_z/);
  await expect(transactions.getByRole('row').last()).toContainText('set name = "<b>Crew</b> list"');

  // Follows changes while it is open.
  await change(page, id, 'iris', 'deckhand');
  await expect(own.getByRole('cell').nth(1)).toHaveText('4');
  await expect(own.getByRole('cell').nth(2)).toHaveText('4');
  await expect(transactions.getByRole('row').first()).toContainText('set iris = "deckhand"');
  await expect(
    transactions
      .getByRole('row')
      .first()
      .getByRole('img', { name: /Confirmed by relay: reached/ }),
  ).toBeVisible();

  await panel.getByRole('button', { name: 'Ask the relay' }).click();
  await expect(sessions.getByRole('columnheader', { name: 'relay holds' })).toBeVisible();
  await expect(own.getByRole('cell').nth(3)).toHaveText('4');

  const tree = panel.getByRole('tree', { name: 'Value' });
  await tree.getByRole('treeitem', { name: /^ana/ }).click();
  await expect(tree.getByRole('treeitem', { name: /role "harbour master"/ })).toBeVisible();
  await tree.getByRole('treeitem', { name: /<i>photo<\/i>/ }).click();
  const value = panel.getByRole('region', { name: 'Value' });
  await expect(value).toContainText('image/png');
  await expect(value).toContainText('<img src=x>.png');
  await panel.getByRole('button', { name: 'Back to the previous CoValue' }).click();
  await expect(panel.getByRole('tab', { name: /CoValue/ })).toContainText('<b>Crew</b> list');
  await expect(panel.locator('img, .covalue b > b, .covalue i')).toHaveCount(0);
});

test('what the relay lacks is marked, and a CoValue that is not in memory is loaded on demand', async ({
  page,
  app,
  relay,
}) => {
  const panel = await beginWithPanel(page, app.origin, relay.port);
  const id = await makeCrewList(page);
  await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');
  await relay.stop();
  await change(page, id, 'iris', 'deckhand');
  await panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator(`[data-id="${id}"]`).click();
  await panel.getByRole('button', { name: 'Open the CoValue' }).click();
  const own = panel.getByRole('table', { name: 'Sessions' }).getByRole('row', { name: /this tab/ });
  await expect(own.getByRole('cell').nth(1)).toHaveText('4');
  await expect(own.locator('.less')).toHaveText('3');
  await expect(panel.getByRole('treeitem', { name: /^iris/ })).toContainText('not at localhost');
  await panel.getByRole('button', { name: 'Ask the relay' }).click();
  await expect(panel.getByRole('region', { name: 'Sessions' })).toContainText(
    'cannot be asked: not connected',
  );
  await panel.getByRole('button', { name: 'Explain' }).click();
  await expect(panel.getByRole('tab', { name: /Unsynced/ })).toHaveAttribute('aria-selected', 'true');

  await panel.getByRole('tab', { name: /CoValue/ }).click();
  const search = panel.getByRole('combobox', { name: 'Go to an ID or a name' });
  await search.fill('co_zNowhere');
  await search.press('Enter');
  await expect(panel.getByText('Not in memory')).toBeVisible();
  await panel.getByRole('button', { name: 'Load it' }).click();
  await expect(panel.getByRole('heading', { name: 'Loading' })).toBeVisible();
  await search.fill('co_<img src=x>');
  await search.press('Enter');
  await expect(panel.getByText('Not the ID of a CoValue')).toBeVisible();
});
