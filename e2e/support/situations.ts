import type { Locator } from '@playwright/test';
import { allIsWell } from './reassurances.ts';
import { expect } from './test.ts';

/** What a stuck situation looks like, in the panel and to a program. */
export interface Situation {
  readonly headline: RegExp;
  /** The facts below the headline. */
  readonly facts: RegExp;
  readonly why: RegExp;
  readonly next: RegExp;
  /** Of the explanation, for programs. */
  readonly codes: { readonly cause: string; readonly step: string };
  /** Part of the row in the inspector's JSON. */
  readonly reason: Record<string, unknown>;
}

/** Expects the cause and the next step of a CoValue in each place, and that no view says that all is well. */
export async function expectSituation(panel: Locator, id: string, situation: Situation): Promise<void> {
  const { headline, facts, why, next, codes, reason } = situation;
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const row = panel.locator(`[data-id="${id}"]`);
  const details = panel.getByRole('region', { name: /^Details of/ });
  await expect(async () => {
    await row.click({ timeout: 1_000 });
    await expect(details.locator('.verdict')).toHaveText(why, { timeout: 1_000 });
  }).toPass();
  await expect(details.locator('.next')).toContainText(next);
  await expectHeadline(panel, headline, facts);
  const { explained, snapshot } = await panel
    .page()
    .evaluate((asked) => ({ explained: devtools.explain(asked), snapshot: devtools.snapshot() }), id);
  expect(explained).toMatchObject(codes);
  expect(explained.verdict).toMatch(why);
  expect(explained.next).toMatch(next);
  expect(snapshot.unsynced.find((one) => one.id === id)?.reason).toMatchObject(reason);
  await expectNotAllWell(panel, id);
}

export async function expectHeadline(panel: Locator, headline: RegExp, facts: RegExp): Promise<void> {
  const head = panel.locator('.head');
  await expect(head.getByRole('heading', { level: 2 })).toHaveText(headline);
  await expect(head.locator('.says p')).toHaveText(facts);
}

/** Expects no reassurance in any view, except in the rows of CoValues other than `id`. */
export async function expectNotAllWell(panel: Locator, id?: string): Promise<void> {
  const tabs = panel.getByRole('tablist', { name: 'Views' }).getByRole('tab');
  for (const tab of await tabs.all()) {
    await tab.click();
    expect(await wordsOfView(panel, id), `in ${await tab.innerText()}`).not.toMatch(allIsWell);
  }
  await panel.getByRole('tab', { name: /CoValue/ }).click();
  const list = panel.getByRole('button', { name: 'All CoValues' });
  if (await list.isVisible()) await list.click();
  expect(await wordsOfView(panel, id), 'in all CoValues').not.toMatch(allIsWell);
}

async function wordsOfView(panel: Locator, id: string | undefined): Promise<string> {
  const view = panel.getByRole('tabpanel');
  await expect(view).not.toBeEmpty();
  return view.evaluate((element, wanted) => {
    const rowsOfOthers = [...element.querySelectorAll<HTMLElement>('.all-table [data-id]')].filter(
      (row) => row.dataset['id'] !== wanted,
    );
    return rowsOfOthers.reduce(
      (words, row) => words.replace(row.innerText, ''),
      (element as HTMLElement).innerText,
    );
  }, id);
}
