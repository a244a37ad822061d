import type { Locator, Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { panelIn } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

interface Stop {
  readonly id: string;
  readonly name: string;
  /** Part of it is visible; focus on a hidden element would leave a user lost. */
  readonly isInSight: boolean;
  readonly isRail: boolean;
}

/** The focused element in the panel; undefined if the focus is elsewhere. */
function focused(page: Page): Promise<Stop | undefined> {
  return page.evaluate(() => {
    const root = document.querySelector('maia-devtools')?.shadowRoot;
    const element = root?.activeElement;
    if (!root || !element) return undefined;
    const { left, top, width, height } = element.getBoundingClientRect();
    const middle = root.elementFromPoint(left + Math.min(width, 40) / 2, top + Math.min(height, 20) / 2);
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    const words = [
      element.getAttribute('aria-label'),
      element.getAttribute('title'),
      element.getAttribute('placeholder'),
      element.textContent,
      ...labels.map((label) => label.textContent),
    ];
    const isInSight =
      element.checkVisibility() &&
      (element.contains(middle) || (middle?.contains(element) ?? false) || element.matches('.hidden'));
    const all = [...root.querySelectorAll('*')];
    return {
      id: `${element.localName} ${all.indexOf(element)}`,
      name: words.find((each) => each?.trim())?.trim() ?? '',
      isInSight,
      isRail: element.id.startsWith('tab-'),
    };
  });
}

/** Presses Tab until the focus leaves the panel or returns to the first stop. */
async function tabThrough(page: Page): Promise<readonly Stop[]> {
  const stops: Stop[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (!stop || stops.some(({ id }) => id === stop.id)) return stops;
    stops.push(stop);
    expect(stops.length, 'the panel lets the focus out').toBeLessThan(150);
  }
}

const role = (page: Page) =>
  page.evaluate(
    () => document.querySelector('maia-devtools')?.shadowRoot?.activeElement?.getAttribute('role') ?? '',
  );

/** Selecting a row adds more stops. */
async function chooseInGrid(page: Page): Promise<void> {
  for (let tabs = 0; tabs < 12 && (await role(page)) !== 'grid'; tabs++) await page.keyboard.press('Tab');
  if ((await role(page)) !== 'grid') return;
  for (const key of ['ArrowDown', 'End', 'Home']) await page.keyboard.press(key);
}

/** Presses Shift+Tab until the focus is in the rail, on the selected view. */
async function backToRail(page: Page): Promise<void> {
  for (let tabs = 0; tabs < 200; tabs++) {
    await page.keyboard.press('Shift+Tab');
    const stop = await focused(page);
    if (stop?.isRail) return;
  }
  throw new Error('The rail is not reached by Shift+Tab.');
}

async function chosenView(panel: Locator): Promise<string> {
  return panel.getByRole('tab', { selected: true }).first().innerText();
}

test('the whole panel can be used by keyboard alone', async ({ page, relay, devOrigin }) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();
  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused text field would block the hotkey.
  await relay.stop();
  await app.addItem('Milk');
  await page.getByRole('heading', { name: 'Groceries' }).click();

  await page.keyboard.press('Alt+Shift+KeyM');
  const panel = panelIn(page);
  await expect(panel).toBeVisible();
  const count = await panel.getByRole('tablist', { name: 'Views' }).getByRole('tab').count();
  expect(count).toBe(9);
  const seen: string[] = [];
  for (let index = 0; index < count; index++) {
    const view = await chosenView(panel);
    seen.push(view.split('\n')[0] ?? '');
    await chooseInGrid(page);
    await backToRail(page);
    const stops = await tabThrough(page);
    expect(stops.length, view).toBeGreaterThan(0);
    expect(
      stops.filter(({ name, isInSight }) => name === '' || !isInSight),
      view,
    ).toEqual([]);
    await backToRail(page);
    await page.keyboard.press('ArrowDown');
  }
  expect(new Set(seen).size).toBe(count);

  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  expect((await focused(page))?.name).toMatch(/maia devtools|not confirmed|devtools/i);
  await page.keyboard.press('Enter');
  await expect(panel).toBeVisible();
});
