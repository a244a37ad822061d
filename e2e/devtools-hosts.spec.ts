import type { CDPSession, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { beginWithPanel, openDevtoolsPage, panelIn, relayURL, signUpThere } from './support/devtools-page.ts';
import { serveBuilt } from './support/servers.ts';
import { expect, test } from './support/test.ts';

// Apps in which other devtools panels break.

async function visitViews(page: Page): Promise<void> {
  const tabs = panelIn(page).getByRole('tab');
  for (const tab of await tabs.all()) {
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    await expect(panelIn(page).getByRole('tabpanel')).not.toBeEmpty();
  }
}

test('a strict policy, Trusted Types and hostile styles leave the panel intact', async ({
  page,
  app,
  relay,
}) => {
  const { origin, close } = await serveBuilt(app.directory, relay.port);
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { violations: seen });
    document.addEventListener('securitypolicyviolation', (event) => seen.push(event.violatedDirective));
  });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const panel = await beginWithPanel(page, origin, new URL(origin).port, 'devtools-strict.html');
  for (const [property, value] of [
    ['font-size', '12px'],
    ['position', 'fixed'],
    ['text-transform', 'none'],
    ['letter-spacing', 'normal'],
    ['opacity', '1'],
    ['height', '416px'],
  ] as const) {
    await expect(panel).toHaveCSS(property, value);
  }
  await expect(panel.getByRole('tab').first()).toHaveCSS('height', '30px');
  await visitViews(page);

  const opening = page.waitForEvent('popup');
  await panel.getByRole('button', { name: 'Open in a separate window' }).click();
  const popup = await opening;
  await expect(panelIn(popup)).toHaveCSS('font-size', '12px');
  await visitViews(popup);
  expect(await page.evaluate(() => Reflect.get(globalThis, 'violations') as unknown)).toEqual([]);
  expect(errors).toEqual([]);

  // The page enforces the policy.
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = '<p></p>';
      return false;
    } catch {
      return true;
    }
  });
  expect(refused).toBe(true);
  await page.close();
  await close();
});

test('with a closed shadow root, the app’s own locators see nothing of the panel', async ({ page, app }) => {
  await openDevtoolsPage(page, app.origin);
  const seen = () =>
    Promise.all([
      page.getByText(/unsynced|signed in/i).count(),
      page.getByRole('button').count(),
      page.getByRole('tab').count(),
      page.getByRole('heading').count(),
      page.locator('button, input, [tabindex]').count(),
    ]);
  const before = await seen();
  await page.evaluate(() => devtools.mount({ open: true, shadowMode: 'closed' }));
  expect(await seen()).toEqual(before);
  await page.evaluate(() => devtools.unmount());
  await page.evaluate(() => devtools.mount({ open: true }));
  expect(await seen()).not.toEqual(before);
});

/** The number of listeners on the window, the document and its two elements, counted by the browser. */
async function countListeners(cdp: CDPSession): Promise<unknown> {
  const { result } = await cdp.send('Runtime.evaluate', {
    expression: `[window, document, document.documentElement, document.body].map((target) =>
      Object.values(getEventListeners(target)).flat().length)`,
    includeCommandLineAPI: true,
    returnByValue: true,
  });
  return result.value as unknown;
}

test('[PANEL-13] once unmounted or removed by the app, it leaves no listener, timer or node', async ({
  page,
  app,
  relay,
}) => {
  await page.addInitScript(() => {
    const { setInterval: start, clearInterval: stop, setTimeout: plan, clearTimeout: cancel } = window;
    const running = new Set<unknown>();
    Object.assign(window, {
      timers: running,
      setInterval: (...args: Parameters<typeof start>) => {
        const id = start(...args);
        if (isWatched()) running.add(id);
        return id;
      },
      clearInterval: (id: number) => (running.delete(id), stop(id)),
      setTimeout: (run: () => void, ms?: number) => {
        const id = plan(() => (running.delete(id), run()), ms);
        if (isWatched()) running.add(id);
        return id;
      },
      clearTimeout: (id: number) => (running.delete(id), cancel(id)),
    });
    // The kernel's own timers vary; without a session there are none.
    const isWatched = () => Reflect.get(window, 'watched') === true;
  });
  await addAuthenticator(page);
  await openDevtoolsPage(page, app.origin);
  await signUpThere(page, relay.port);
  await page.evaluate(() => bareApp.close());
  const cdp = await page.context().newCDPSession(page);
  const html = () => page.evaluate(() => document.documentElement.outerHTML);
  // The first mount also sets up what Svelte keeps for the page's life.
  await page.evaluate(() => {
    devtools.mount({ open: true });
    devtools.unmount();
  });
  await page.evaluate(() => Reflect.set(window, 'watched', true));
  const before = [await countListeners(cdp), await html()];

  for (const how of ['unmount', 'remove', 'replace'] as const) {
    await page.evaluate(() => devtools.mount({ open: true }));
    await expect(panelIn(page)).toBeVisible();
    expect(await countListeners(cdp)).not.toEqual(before[0]);
    await page.evaluate((way) => {
      if (way === 'unmount') devtools.unmount();
      if (way === 'remove') document.querySelector('maia-devtools')?.remove();
      if (way === 'replace') document.querySelector('maia-devtools')?.replaceWith();
    }, how);
    await expect(panelIn(page)).toHaveCount(0);
    expect([await countListeners(cdp), await html()]).toEqual(before);
    await expect
      .poll(() => page.evaluate(() => (Reflect.get(window, 'timers') as Set<unknown>).size))
      .toBe(0);
  }
});

test('when the node is closed while the panel is open, the panel reports it and nothing throws', async ({
  page,
  app,
  relay,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const panel = await beginWithPanel(page, app.origin, relay.port);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('button', { name: 'Start “Offline”' }).click();
  await expect(panel.getByRole('group', { name: 'Faults' })).toBeVisible();
  await page.evaluate(() => bareApp.set('n', 1));
  await page.evaluate(() => bareApp.close());
  await expect(panel).toContainText('Not signed in');
  await expect(panel.getByRole('group', { name: 'Faults' })).toHaveCount(0);
  await page.evaluate((url) => bareApp.resume([url]), relayURL(relay.port));
  await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');
  await expect(panel.getByRole('heading', { level: 2 }).first()).toContainText('Everything is confirmed');
  expect(errors).toEqual([]);
});
