import { expect, type Locator, type Page } from '@playwright/test';
import { addAuthenticator } from './authenticator.ts';

export const panelIn = (page: Page): Locator => page.getByRole('complementary', { name: 'maia devtools' });

/** Axe's rules about pages of content, which the panel's separate window is not. */
export const rulesOfPages = ['landmark-one-main', 'page-has-heading-one'];

/** Opens the bare app's page, with the devtools mounted if options are given. */
export async function openDevtoolsPage(
  page: Page,
  origin: string,
  mount?: { readonly open?: boolean },
  file = 'devtools.html',
): Promise<void> {
  const query = mount ? `?mount=${encodeURIComponent(JSON.stringify(mount))}` : '';
  const errors: string[] = [];
  const dropped: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('requestfailed', (request) => dropped.push(`${request.url()}: ${request.failure()?.errorText}`));
  const response = await page.goto(`${origin}/${file}${query}`);
  // Chromium drops requests when a network interface of the machine changes.
  if (dropped.length > 0 && errors.length === 0) await page.reload();
  try {
    await expect
      .poll(() => page.evaluate(() => 'devtools' in globalThis && 'bareApp' in globalThis), {
        timeout: 60_000,
      })
      .toBe(true);
  } catch (cause) {
    const answer = `${page.url()} answered ${response?.status()}: ${(await page.content()).slice(0, 1_000)}`;
    throw new Error(['The page’s scripts did not run.', ...errors, ...dropped, answer].join('\n'), { cause });
  }
}

/** A page with an open panel and an account with one map that the relay has. */
export async function beginWithPanel(
  page: Page,
  origin: string,
  relayPort: number | string,
  file?: string,
): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true }, file);
  await signUpThere(page, relayPort);
  return panelIn(page);
}

/** Signs up in the bare app and creates one map, and waits until the relay has both. */
export async function signUpThere(page: Page, relayPort: number | string): Promise<void> {
  await page.evaluate(async (url) => {
    await bareApp.signUp([url]);
    bareApp.makeMap();
  }, relayURL(relayPort));
  await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');
}

export const relayURL = (port: number | string) => `ws://localhost:${port}/sync`;
