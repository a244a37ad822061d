import type * as Kernel from '@MaiaOS/kernel';
import type { RawCoMap } from '@MaiaOS/kernel/cojson';
import type { Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { sourceURL } from './support/everything/read-inspector.ts';
import { serveBareApp, type Served } from './support/servers.ts';
import { expect, test } from './support/test.ts';

/** The kernel, made available in the bare app's page, which has no controls for phrases. */
declare global {
  var phraseApp: {
    readonly kernel: typeof Kernel;
    readonly options: Kernel.SessionOptions;
    root(): RawCoMap | undefined;
  };
}

let served: Served;
test.beforeAll(async () => {
  served = await serveBareApp();
});
test.afterAll(() => served.close());

async function open(page: Page, relayPort: number): Promise<void> {
  await addAuthenticator(page, { prf: 'none' });
  await page.goto(served.origin);
  await atHand(page, relayPort);
}

async function atHand(page: Page, relayPort: number): Promise<void> {
  await page.evaluate(
    async ([kernelURL, url]) => {
      const kernel = (await import(kernelURL)) as typeof Kernel;
      globalThis.phraseApp = {
        kernel,
        options: { sync: { url } },
        root() {
          const session = kernel.activeSession.current;
          return session?.node.getLoaded(session.account.get('root') ?? session.account.id);
        },
      };
    },
    [sourceURL('src/index.ts'), `ws://localhost:${relayPort}/sync`] as const,
  );
}

const note = (page: Page) => page.evaluate(() => phraseApp.root()?.get('note'));
const untilConfirmed = (page: Page) =>
  expect
    .poll(() => page.evaluate(() => phraseApp.kernel.activeSession.current?.sync.current.status))
    .toBe('confirmed');

test('without PRF, a phrase creates an account, which survives a reload and opens on an empty device', async ({
  page,
  browser,
  relay,
}) => {
  await open(page, relay.port);
  const made = await page.evaluate(async () => {
    const { kernel, options } = phraseApp;
    const passkey = await kernel.signUpWithPasskey(options).catch((error: Kernel.KernelError) => error.code);
    const { session, phrase } = await kernel.signUpWithRecoveryPhrase(options);
    phraseApp.root()?.set('note', 'Bread');
    return { passkey, phrase, accountID: session.accountID };
  });
  expect(made.passkey).toBe('PASSKEY_PRF_UNAVAILABLE');
  expect(made.phrase).toMatch(/^([a-z]+ ){23}[a-z]+$/);
  await untilConfirmed(page);

  await page.reload();
  await atHand(page, relay.port);
  const resumed = await page.evaluate(async () => {
    const session = await phraseApp.kernel.resumeSession(phraseApp.options);
    const shown = await session?.revealRecoveryPhrase().catch((error: Kernel.KernelError) => error.code);
    return { accountID: session?.accountID, shown };
  });
  expect(resumed).toEqual({ accountID: made.accountID, shown: 'PHRASE_INVALID' });
  expect(await note(page)).toBe('Bread');

  const empty = await browser.newContext();
  try {
    const other = await empty.newPage();
    await open(other, relay.port);
    const numbered = made.phrase.split(' ').map((word, index) => `${index + 1}. ${word.toUpperCase()}`);
    const accountID = await other.evaluate(async (typed) => {
      const { kernel, options } = phraseApp;
      return (await kernel.signInWithRecoveryPhrase(typed, options)).accountID;
    }, numbered.join('\n'));
    expect(accountID).toBe(made.accountID);
    await expect.poll(() => note(other)).toBe('Bread');
    await other.evaluate(() => phraseApp.root()?.set('note', 'Bread and milk'));
    await expect.poll(() => note(page)).toBe('Bread and milk');
  } finally {
    await empty.close();
  }
});

test('words without an account open nothing, leave nothing, and the error says what to do', async ({
  page,
  relay,
}) => {
  await open(page, relay.port);
  const failed = await page.evaluate(async () => {
    const { kernel, options } = phraseApp;
    const attempt = (phrase: string) =>
      kernel.signInWithRecoveryPhrase(phrase, options).then(
        () => 'opened',
        ({ code, message }: Kernel.KernelError) => `${code} ${message}`,
      );
    const outcomes = [await attempt('zoo '.repeat(23) + 'vote'), await attempt('zoo '.repeat(23) + 'votte')];
    return { outcomes, databases: (await indexedDB.databases()).map(({ name }) => name) };
  });
  expect(failed.outcomes).toEqual([
    expect.stringMatching(
      /^ACCOUNT_NOT_FOUND .*Check the words; if they are correct, open the app once, while online/,
    ),
    expect.stringMatching(/^PHRASE_INVALID Word 24 is not in the list.*“vote”/),
  ]);
  expect(failed.databases).toEqual([]);
});
