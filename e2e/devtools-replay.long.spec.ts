import { readFile } from 'node:fs/promises';
import { addAuthenticator } from './support/authenticator.ts';
import { beginWithPanel, openDevtoolsPage, signUpThere } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

test('a run with a fault is recorded, saved, and replays to the same final state three times', async ({
  page,
  browser,
  app,
  relay,
}) => {
  const panel = await beginWithPanel(page, app.origin, relay.port);
  const other = await (await browser.newContext()).newPage();
  await addAuthenticator(other);
  await openDevtoolsPage(other, app.origin);
  await signUpThere(other, relay.port);
  const id = await other.evaluate(() => bareApp.makeMap());

  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /drops 1 in 10/ }).click();
  await panel.getByRole('textbox', { name: 'Seed' }).fill('7');
  await panel.getByRole('button', { name: /^Start/ }).click();
  await panel.getByRole('button', { name: 'Record', exact: true }).click();
  await expect(panel.getByRole('group', { name: 'Recording' })).toContainText('Recording incoming messages');
  await page.evaluate((mapID) => bareApp.openMap(mapID), id);
  for (let count = 0; count < 20; count++) {
    await other.evaluate((value) => bareApp.set(`n${value}`, value), count);
    await page.evaluate((value) => bareApp.set(`own${value}`, value), count);
  }
  await expect
    .poll(() => page.evaluate(() => Object.keys(bareApp.read()).length), { timeout: 60_000 })
    .toBe(40);
  await panel.getByRole('group', { name: 'Recording' }).getByRole('button').click();
  const downloading = page.waitForEvent('download');
  await panel.getByRole('button', { name: 'Save', exact: true }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^maia-recording-[\d-]+\.ndjson$/);
  const file = await download.path();
  const text = await readFile(file, 'utf8');
  expect(text).toContain('"seed":7');
  // Content that a group shares with everyone is public; the account's secrets and the passkeys' entries
  // are not in it.
  expect(text).not.toMatch(/sealerSecret_z|signerSecret_z|maia\/keyring\/v1/);
  expect(text.replaceAll(/_for_everyone\\",\\"value\\":\\"keySecret_z/g, '')).not.toContain('keySecret_z');

  const said = new Set<string>();
  const result = panel.getByRole('status').filter({ hasText: /state/ });
  for (let round = 0; round < 3; round++) {
    await panel.getByText('Replay a file').locator('input').setInputFiles(file);
    await expect(result).toContainText('Same final state:');
    said.add(await result.innerText());
  }
  expect(said.size).toBe(1);
  expect([...said][0]).toContain('with fault seed 7');
  await panel
    .getByText('Replay a file')
    .locator('input')
    .setInputFiles({
      name: 'picture.ndjson',
      mimeType: 'text/plain',
      buffer: Buffer.from('not a recording'),
    });
  await expect(panel.getByText(/Cannot replay this recording: line 1 is not the head/)).toBeVisible();
  await other.context().close();
});
