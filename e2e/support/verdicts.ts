import type { Locator, Page, WebSocketRoute } from '@playwright/test';
import { addAuthenticator } from './authenticator.ts';
import { beginWithPanel, openDevtoolsPage, panelIn } from './devtools-page.ts';
import { expect } from './test.ts';

/** A page with an account, one map that the relay has, and the panel open. */
export async function begin(page: Page, origin: string, relayPort: number): Promise<Locator> {
  const panel = await beginWithPanel(page, origin, relayPort);
  await page.evaluate(() => devtools.inspect());
  return panel;
}

/** A page with an account that has no relay, and the panel open. */
export async function beginWithoutSync(page: Page, origin: string): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await page.evaluate(() => bareApp.signUpWithoutSync());
  await page.evaluate(() => devtools.inspect());
  return panelIn(page);
}

/**
 * What the panel says of the CoValue that waits for the longest: the verdict, and what to do. A program in the page that asks
 * for the same CoValue is told the same.
 */
export async function expectVerdict(panel: Locator, verdict: RegExp, next: RegExp): Promise<void> {
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const details = panel.getByRole('region', { name: /^Details of/ });
  // What waited when the panel last looked may have arrived since, and another one waits for the longest now.
  await expect(async () => {
    await expect(details.locator('.verdict')).toContainText(verdict, { timeout: 1_000 });
    await expect(details.locator('.next')).toContainText(next, { timeout: 1_000 });
    const id = (await details.locator('.id').getAttribute('title', { timeout: 1_000 })) ?? '';
    const told = await panel.page().evaluate((asked) => devtools.explain(asked), id);
    expect(told.verdict).toMatch(verdict);
    expect(told.next).toMatch(next);
  }).toPass();
}

/** The same, for one of several that wait. */
export async function expectVerdictOf(
  panel: Locator,
  id: string,
  verdict: RegExp,
  next: RegExp,
): Promise<void> {
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await panel.locator(`[data-id="${id}"]`).click();
  await expectVerdict(panel, verdict, next);
}

/** All that goes between the page and the relay passes these, which may change it, or keep it by answering undefined. */
export async function stand(
  page: Page,
  between: {
    up?(frame: string, socket: WebSocketRoute): string | undefined;
    down?(frame: string): string | undefined;
  },
): Promise<void> {
  await page.routeWebSocket(/\/sync/, (socket) => {
    const relay = socket.connectToServer();
    socket.onMessage((message) => {
      const frame = between.up ? between.up(String(message), socket) : message;
      if (frame !== undefined) relay.send(frame);
    });
    relay.onMessage((message) => {
      const frame = between.down ? between.down(String(message)) : message;
      if (frame !== undefined) socket.send(frame);
    });
  });
}

export const edit = (page: Page, key = 'n') => page.evaluate((name) => bareApp.set(name, 1), key);

/** So many edits of one map, of so many characters each. */
export const editMuch = (page: Page, count: number, characters: number) =>
  page.evaluate(
    ([edits, length]) => {
      for (let n = 0; n < edits; n++) bareApp.set(`${n}/${'k'.repeat(length)}`, n);
    },
    [count, characters] as const,
  );

/** Waits long enough for much of it, too. */
export const arrived = (page: Page) =>
  expect.poll(() => page.evaluate(() => bareApp.state().status), { timeout: 60_000 }).toBe('confirmed');
