import type { Locator, Page, WebSocketRoute } from '@playwright/test';
import { addAuthenticator } from './authenticator.ts';
import { beginWithPanel, openDevtoolsPage, panelIn } from './devtools-page.ts';
import { expectHeadline, expectNotAllWell } from './situations.ts';
import { expect } from './test.ts';

/** A page with an account, one map that the relay has, and an open panel. */
export async function begin(page: Page, origin: string, relayPort: number): Promise<Locator> {
  const panel = await beginWithPanel(page, origin, relayPort);
  await page.evaluate(() => devtools.inspect());
  return panel;
}

/** A page with an account without a relay, and an open panel. */
export async function beginWithoutSync(page: Page, origin: string): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await page.evaluate(() => bareApp.signUpWithoutSync());
  await page.evaluate(() => devtools.inspect());
  return panelIn(page);
}

/**
 * Expects the panel's verdict and next step for the CoValue that has waited longest. A program in the page
 * that asks about the same CoValue gets the same answer, with these codes.
 */
export async function expectVerdict(
  panel: Locator,
  verdict: RegExp,
  next: RegExp,
  codes: { readonly cause?: string; readonly step?: string } = {},
): Promise<void> {
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const details = panel.getByRole('region', { name: /^Details of/ });
  // That CoValue may have arrived since the panel's last update, and another one may wait longest now.
  await expect(async () => {
    await expect(details.locator('.verdict')).toContainText(verdict, { timeout: 1_000 });
    await expect(details.locator('.next')).toContainText(next, { timeout: 1_000 });
    const id = (await details.locator('.id').getAttribute('title', { timeout: 1_000 })) ?? '';
    const told = await panel.page().evaluate((asked) => devtools.explain(asked), id);
    expect(told.verdict).toMatch(verdict);
    expect(told.next).toMatch(next);
    expect(told).toMatchObject(codes);
  }).toPass();
}

/** Expects the cause in the headline, in Peers with its next step, and that no view claims that all is well. */
export async function expectOutage(panel: Locator, cause: RegExp, next: RegExp): Promise<void> {
  await expectHeadline(panel, /^\d+ CoValues? not confirmed$/, cause);
  const views = panel.getByRole('tablist', { name: 'Views' });
  await views.getByRole('tab', { name: /Peers/ }).click();
  const card = panel.getByRole('article');
  await expect(card.locator('.warning')).toContainText(cause);
  await expect(card.locator('.warning')).toContainText(next);
  await expectNotAllWell(panel);
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

/**
 * Passes every frame between page and relay through these functions, which may change it, or drop it by
 * returning undefined.
 */
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

/** Makes `count` edits of one map, of `characters` characters each. */
export const editMuch = (page: Page, count: number, characters: number) =>
  page.evaluate(
    ([edits, length]) => {
      for (let n = 0; n < edits; n++) bareApp.set(`${n}/${'k'.repeat(length)}`, n);
    },
    [count, characters] as const,
  );

/** Waits long enough even for large edits. */
export const arrived = (page: Page) =>
  expect.poll(() => page.evaluate(() => bareApp.state().status), { timeout: 60_000 }).toBe('confirmed');

/** Leaves an edit of `page` that is not counted: the owner of its map has removed the account meanwhile. Returns the map's ID. */
export async function loseRightsWhileAway(owner: Page, page: Page, panel: Locator): Promise<string> {
  const accountID = await page.evaluate(() => bareApp.accountID());
  const id = await owner.evaluate(async (guest) => {
    const mapID = bareApp.makeMap();
    await bareApp.admit(guest);
    return mapID;
  }, accountID);
  await arrived(owner);
  await page.evaluate((mapID) => bareApp.openMap(mapID), id);
  await edit(page, 'while allowed');
  await arrived(page);
  await panel.getByRole('button', { name: 'Pause sync' }).first().click();
  await owner.evaluate((guest) => bareApp.remove(guest), accountID);
  await arrived(owner);
  await edit(page, 'too late');
  await panel.getByRole('button', { name: 'Resume sync' }).first().click();
  await arrived(page);
  return id;
}
