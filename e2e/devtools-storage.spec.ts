import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Download, Locator, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn, signUpThere } from './support/devtools-page.ts';
import { addStorageFaults } from './support/storage-faults.ts';
import { expect, test } from './support/test.ts';

async function begin(page: Page, origin: string, relayPort: number): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await signUpThere(page, relayPort);
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Storage/ }).click();
  return panel;
}

async function downloaded(page: Page, button: Locator): Promise<{ file: Download; lines: readonly Line[] }> {
  const downloading = page.waitForEvent('download');
  await button.click();
  const file = await downloading;
  const text = await readFile(await file.path(), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return { file, lines };
}
interface Line {
  readonly kind?: string;
  readonly id?: string;
  readonly coValues?: number;
}
const ids = (lines: readonly Line[]) => lines.flatMap(({ kind, id }) => (kind === 'covalue' && id ? id : []));

test('the device’s content is counted and downloaded, including what only an earlier run has loaded', async ({
  page,
  app,
  relay,
}) => {
  await begin(page, app.origin, relay.port);
  const first = await page.evaluate(() => bareApp.makeMap());
  await expect
    .poll(() => page.evaluate(() => bareApp.state()))
    .toMatchObject({ known: true, pending: 0, unsaved: 0 });
  // The next run loads only the account.
  await page.reload();
  await expect.poll(() => page.evaluate(() => 'bareApp' in globalThis)).toBe(true);
  await page.evaluate((url) => bareApp.resume([url]), `ws://localhost:${relay.port}/sync`);
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Storage/ }).click();

  await expect(panel.getByRole('meter', { name: /Used/ })).toBeVisible();
  await panel.getByRole('button', { name: 'Count by type' }).click();
  await expect(panel.getByText(/^Counted/)).toBeVisible();
  const total = await panel.getByRole('row', { name: /^All/ }).getByRole('cell').first().innerText();
  const { file, lines } = await downloaded(page, panel.getByRole('button', { name: `Everything, ${total}` }));
  expect(file.suggestedFilename()).toMatch(/^maia-everything-[\d-]+\.ndjson$/);
  expect(ids(lines)).toContain(first);
  const end = lines.at(-1);
  // The passkey's entry is on the device, but in no file.
  expect(end).toEqual({ kind: 'end', coValues: Number(total) - 1, unreadable: 0, leftOut: 1 });
  expect(ids(lines)).toHaveLength(Number(total) - 1);
  await expect(panel.getByRole('status').filter({ hasText: 'Downloaded' })).toBeVisible();
});

test('on a full device, the panel says what to do, and an edit that is not saved anywhere is in the download', async ({
  page,
  app,
  relay,
}) => {
  await addStorageFaults(page);
  const panel = await begin(page, app.origin, relay.port);
  await panel.getByRole('button', { name: 'Pause sync' }).first().click();
  await page.evaluate(() => storageFaults.begin('full'));
  const id = await page.evaluate(() => bareApp.makeMap());
  const notice = panel.getByRole('group', { name: /not saved/ });
  await expect(notice).toContainText(/QuotaExceededError: storage is full; attempt \d+, next attempt/);
  await expect(notice).toContainText('Do not reload yet: edits that are not confirmed are only in this tab');
  await expect(panel.getByRole('tab', { name: /Storage/ })).toContainText('full');
  // A map and its group.
  const { lines } = await downloaded(page, panel.getByRole('button', { name: 'Unsynced, 2' }));
  expect(ids(lines)).toContain(id);
  expect(lines.at(-1)).toMatchObject({ kind: 'end', coValues: 2, unreadable: 0 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).include('maia-devtools').analyze();
    expect(violations.map(({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html}`)).toEqual([]);
  }

  await panel.getByRole('button', { name: 'Resume sync' }).first().click();
  await expect(panel.getByRole('group', { name: /not saved/i })).toContainText('reloading is safe');
  await panel.getByRole('button', { name: 'Explain' }).click();
  await expect(panel.getByRole('region', { name: /^Details of/ })).toContainText('storage is full');
  await panel.getByRole('tab', { name: /Storage/ }).click();
  await page.evaluate(() => storageFaults.end());
  await expect(panel.getByRole('group', { name: /not saved/i })).toHaveCount(0);
  await expect(panel.getByText(/attempts?, the last .+ ago: QuotaExceededError/)).toBeVisible();
});
