import type { Locator } from '@playwright/test';
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

const allIsWell = /Everything is confirmed|Nothing to confirm|All edits from this device are|Nothing to do\./;

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
  await expectNotAllWell(panel);
}

export async function expectHeadline(panel: Locator, headline: RegExp, facts: RegExp): Promise<void> {
  const head = panel.locator('.head');
  await expect(head.getByRole('heading', { level: 2 })).toHaveText(headline);
  await expect(head.locator('.says p')).toHaveText(facts);
}

/** In no view of the panel. */
export async function expectNotAllWell(panel: Locator): Promise<void> {
  const tabs = panel.getByRole('tab');
  for (let index = 0; index < (await tabs.count()); index++) {
    await tabs.nth(index).click();
    const view = panel.getByRole('tabpanel');
    await expect(view).not.toBeEmpty();
    expect(await view.innerText()).not.toMatch(allIsWell);
  }
}
