import { readFile } from 'node:fs/promises';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { beginWithPanel, openDevtoolsPage, panelIn } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

test('an edit in the demo is sent, and its content is matched with the known state from the real relay', async ({
  page,
  devOrigin,
}) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();

  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused text field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Messages/ }).click();
  const list = panel.getByRole('grid', { name: 'Messages' });
  // Messages from before the panel was opened are listed.
  await expect(list.locator('[data-number]').first()).toBeVisible();
  await panel.getByRole('textbox', { name: 'Filter messages' }).fill('Milk');
  await app.addItem('Milk');
  const content = list.getByRole('row', { name: /sent .* content .*Milk/ }).first();
  await expect(content).toContainText(/\d ms|\d s$/);
  const number = await content.getAttribute('data-number');
  await content.click();
  const details = panel.getByRole('region', { name: `Message #${number}` });
  await expect(details).toContainText(/set text "Milk"|set name "Milk"|"Milk"/);
  const link = details.getByRole('button', { name: /^#\d+$/ }).first();
  const by = (await link.innerText()).slice(1);
  expect(Number(by)).toBeGreaterThan(Number(number));
  await link.click();
  const known = panel.getByRole('region', { name: `Message #${by}` });
  await expect(known).toContainText('known');
  await expect(known.getByRole('button', { name: `#${number}`, exact: true })).toBeVisible();
});

test('Playwright reads an exported HAR next to the page, and the panel reads its NDJSON', async ({
  page,
  app,
  relay,
}) => {
  const panel = await beginWithPanel(page, app.origin, relay.port);
  await panel.getByRole('tab', { name: /Messages/ }).click();
  const save = async (format: string) => {
    await panel.getByRole('button', { name: 'Export HAR or NDJSON' }).click();
    const downloading = page.waitForEvent('download');
    await panel.getByRole('button', { name: `Save as ${format}` }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^maia-messages-[\d-]+\.(har|ndjson)$/);
    return download.path();
  };
  const har = await save('HAR');
  const text = await readFile(har, 'utf8');
  expect(text).toMatch(/"_webSocketMessages":\[\{"type":"(send|receive)","time":/);
  expect(text).not.toMatch(/encrypted_U|Secret_z(?!\[)/);

  const ndjson = await save('NDJSON');
  await panel.getByLabel('Import NDJSON').setInputFiles(ndjson);
  await expect(panel.getByText(/^Reading “/)).toBeVisible();
  await panel.getByRole('button', { name: 'Back to this session' }).click();
  await panel.getByLabel('Import NDJSON').setInputFiles({
    ...{ name: 'picture.ndjson', mimeType: 'text/plain' },
    buffer: Buffer.from('not messages'),
  });
  await expect(panel.getByRole('alert')).toContainText('line 1 is not the head of a message export');

  const other = await page.context().newPage();
  // Playwright parses the whole file and rejects an invalid HAR; the page's own requests are not in it.
  await other.routeFromHAR(har, { notFound: 'fallback' });
  await openDevtoolsPage(other, app.origin);
  await other.close();
});
