import type * as Kernel from '@MaiaOS/kernel';
import type { Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { sourceURL } from './support/everything/read-inspector.ts';
import { serveBareApp, type Served } from './support/servers.ts';
import { expect, test } from './support/test.ts';

declare global {
  var partsApp: { readonly kernel: typeof Kernel; readonly options: Kernel.SessionOptions };
}

let served: Served;
test.beforeAll(async () => {
  served = await serveBareApp();
});
test.afterAll(() => served.close());

async function open(page: Page, relayPort: number): Promise<void> {
  await addAuthenticator(page);
  await page.goto(served.origin);
  await page.evaluate(
    async ([kernelURL, url]) => {
      const kernel = (await import(kernelURL)) as typeof Kernel;
      globalThis.partsApp = { kernel, options: { sync: { url } } };
    },
    [sourceURL('src/index.ts'), `ws://localhost:${relayPort}/sync`] as const,
  );
}

const signUp = (page: Page) =>
  page.evaluate(async () => {
    const { kernel, options } = partsApp;
    await kernel.signUpWithPasskey(options);
  });

/** The error code, or the result. */
const reveal = (page: Page) =>
  page.evaluate(() => {
    const { kernel } = partsApp;
    const revealing = kernel.activeSession.current?.revealRecoveryPhrase();
    return revealing?.catch((error: unknown) => (kernel.isKernelError(error) ? error.code : String(error)));
  });

const phraseCode = '**/src/session/phrase/recovery-phrase.ts*';
const laterCode = ['src/session/phrase/recovery-phrase.ts', 'src/app/collaboration.ts'];

test('a chunk that cannot be fetched is reported, and fetched again on the next call', async ({
  page,
  relay,
}) => {
  await open(page, relay.port);
  const sessionCode = '**/src/session/lazy-entry.ts*';
  await page.route(sessionCode, (route) => route.abort());
  const resume = () =>
    page.evaluate(async () => {
      const { kernel, options } = partsApp;
      try {
        return (await kernel.resumeSession(options)) ? 'somebody' : 'nobody';
      } catch (error) {
        return kernel.isKernelError(error) ? error.code : String(error);
      }
    });
  expect(await resume()).toBe('KERNEL_NOT_LOADED');
  await page.unroute(sessionCode);
  expect(await resume()).toBe('nobody');
  await signUp(page);
});

test('an open session soon has all its chunks, and continues when the files are gone', async ({
  page,
  relay,
}) => {
  await open(page, relay.port);
  await page.route(phraseCode, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await signUp(page);
  expect(await reveal(page)).toBe('KERNEL_NOT_LOADED');
  await page.unroute(phraseCode);
  // Fetched automatically when the session has been open for a while.
  await Promise.all(
    laterCode.map((file) =>
      page.waitForResponse((response) => response.url().includes(file) && response.ok()),
    ),
  );
  // This fetches nothing: it waits for what these files import.
  await page.evaluate((urls) => Promise.all(urls.map((url) => import(url))), laterCode.map(sourceURL));
  const asked: string[] = [];
  await page.route('**/*', (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  expect(await reveal(page)).toMatch(/^(?:[a-z]+ ){23}[a-z]+$/);
  await page.evaluate(() => partsApp.kernel.activeSession.current?.sync.whenConfirmed());
  await page.evaluate(() => partsApp.kernel.activeSession.current?.signOut());
  expect(asked).toEqual([]);
});
