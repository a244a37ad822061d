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
  const seen: string[] = [];
  page.on('pageerror', (error) => seen.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') seen.push(message.text());
  });
  page.on('requestfailed', (request) => seen.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (!response.ok()) seen.push(`${response.url()}: ${response.status()}`);
  });
  const haveRun = () => page.evaluate(() => 'devtools' in globalThis && 'bareApp' in globalThis);
  const open = async () => {
    await page.goto(`${origin}/${file}${query}`);
    await expect.poll(haveRun).toBe(true);
  };
  try {
    await open();
  } catch (cause) {
    // CI saw this twice in the first test of the built app: the page had loaded, and none of its scripts had run.
    const shown = `${page.url()} is ${(await page.content()).slice(0, 2_000)}`;
    console.warn(
      ['The page’s scripts did not run, so it is opened again.', ...seen, shown, cause].join('\n'),
    );
    await open();
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
