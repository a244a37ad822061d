import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

const words = (page: Page) => page.getByRole('list', { name: 'Your 24 words' }).getByRole('listitem');
const field = (page: Page) => page.getByRole('textbox', { name: 'Your 24 words' });

async function readPhrase(page: Page): Promise<string> {
  await expect(words(page)).toHaveCount(24);
  const texts = await words(page).allInnerTexts();
  return texts.map((text) => text.replace(/[^a-z]/g, '')).join(' ');
}

async function withoutPrf(page: Page): Promise<void> {
  await page.addInitScript(() => {
    PublicKeyCredential.getClientCapabilities = () => Promise.resolve({ 'extension:prf': false });
  });
}

test('without PRF, words create an account after they were typed, and open it elsewhere', async ({
  page,
  origins,
}) => {
  await withoutPrf(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('button', { name: 'Show me my 24 words' }).click();
  const phrase = await readPhrase(page);

  // Leaving the page before typing the words asks for confirmation.
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.dismiss();
    return dialog.type();
  });
  await page.close({ runBeforeUnload: true });
  expect(await asked).toBe('beforeunload');

  await page.getByRole('button', { name: 'I have written them down' }).click();
  await expect(field(page)).toBeFocused();
  await field(page).fill(phrase.split(' ').toSpliced(4, 1, 'abandn').join(' '));
  await page.getByRole('button', { name: 'Go to my lists' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Word 5 is not in the list' })).toContainText(
    '“abandon”',
  );
  await page.getByRole('button', { name: 'Show me the words again' }).click();
  await expect(words(page)).toHaveCount(24);
  await page.getByRole('button', { name: 'I have written them down' }).click();
  await field(page).fill(phrase.toUpperCase());
  await page.getByRole('button', { name: 'Go to my lists' }).click();
  await app.makeList('Groceries');
  await app.addItem('Bread');
  await app.untilStored();
  await page.reload();
  await app.openList('Groceries');

  await app.open(origins[1]);
  await page.getByRole('button', { name: 'I already have a phrase' }).click();
  await expect(field(page)).toBeFocused();
  await field(page).fill(phrase);
  await page.getByRole('button', { name: 'Open my account' }).click();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});

test('a mistyped phrase is explained in its field, and creates no account', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  const open = async (phrase: string) => {
    await field(page).fill(phrase);
    await page.getByRole('button', { name: 'Open my account' }).click();
  };
  const alert = page.getByRole('alert').filter({ hasText: /./ });

  await open('zoo zoo');
  await expect(alert).toContainText('this one has 2');
  await open(['votte', ...Array<string>(22).fill('zoo'), 'xylophone'].join(' '));
  await expect(alert).toContainText('Words 1 and 24 are not in the list');
  await expect(alert).toContainText('“vote”');
  await expect(alert.getByRole('listitem')).toHaveText(['Word 1', 'Word 24']);
  await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
  await open(Array<string>(24).fill('zoo').join(' '));
  await expect(alert).toContainText('together they are not a recovery phrase');
  await open([...Array<string>(23).fill('zoo'), 'vote'].join(' '));
  await expect(alert).toContainText('no account for these words', { timeout: 30_000 });
  await expect(alert.getByRole('button')).toHaveText(['Try again']);
  await expect(field(page)).toHaveValue(/vote$/);
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);

  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('main')).toBeFocused();
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  await expect(field(page)).toHaveValue('');
});

test('a misspelt word of the phrase is named while typing, but not the word at the cursor', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  const named = (text: string) => page.getByRole('status').filter({ hasText: text });
  await field(page).pressSequentially('1. zoo 2. votte');
  await expect(page.getByText('2 of 24', { exact: true })).toBeVisible();
  await expect(field(page)).toHaveAttribute('aria-invalid', 'false');
  await field(page).press('Space');
  await expect(named('Word 2 is not in the list of recovery words.')).toBeVisible();
  await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
  await field(page).pressSequentially('xylophon');
  await page.getByRole('button', { name: 'Back' }).focus();
  await expect(named('Words 2 and 3 are not in the list of recovery words.')).toBeVisible();

  // After a submit, the field explains more, until the user changes the words.
  await page.getByRole('button', { name: 'Open my account' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'this one has 3' });
  await expect(alert).toContainText('“vote”');
  await expect(named('Words 2 and 3 are not in the list of recovery words.')).toHaveCount(0);
  await field(page).fill('zoo vote xylophon ');
  await expect(alert).toHaveCount(0);
  await expect(named('Word 3 is not in the list of recovery words.')).toBeVisible();
});

test('a passkey among the input’s suggestions opens the account', async ({ page, origins }) => {
  const app = createApp(page);
  await addAuthenticator(page, { hasAutofill: true });
  await app.begin(origins[0], 'Groceries');
  await app.untilStored();
  // The virtual passkey is chosen as soon as it is offered.
  await app.open(origins[1]);
  await app.openList('Groceries');
});

test('autofill makes way for an explicit prompt', async ({ page, origins }) => {
  // No passkey can be chosen, so autofill waits until it is aborted.
  await addAuthenticator(page, { hasAutofill: true });
  await page.addInitScript(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    credentials.get = (options) => {
      if (options?.mediation !== 'conditional') return get(options);
      const asked = Number(sessionStorage.getItem('offered') ?? 0) + 1;
      sessionStorage.setItem('offered', String(asked));
      return new Promise((_, reject) => {
        options.signal?.addEventListener('abort', () => {
          sessionStorage.setItem('ended', String(asked));
          reject(new DOMException('ended', 'AbortError'));
        });
      });
    };
  });
  const app = createApp(page);
  const count = (name: string) => page.evaluate((key) => Number(sessionStorage.getItem(key) ?? 0), name);
  await app.open(origins[0]);
  await expect.poll(() => count('offered')).toBe(1);
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  await expect.poll(() => count('ended')).toBe(1);
  await page.getByRole('button', { name: 'Back' }).click();
  await expect.poll(() => count('offered')).toBe(2);
  await app.signUp();
  await expect.poll(() => count('ended')).toBe(2);
  expect(await count('offered')).toBe(2);
});

test('an autofill request that the browser ends changes nothing on the page, even with an invitation', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page, { hasAutofill: true });
  await page.addInitScript(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    credentials.get = async (options) => {
      if (options?.mediation !== 'conditional') return get(options);
      sessionStorage.setItem('ended', 'yes');
      throw new DOMException('The request timed out.', 'NotAllowedError');
    };
  });
  const app = createApp(page);
  const link = `/#/invite/co_zT9hQm2VbXw7aaaaaaaaaaa/inviteSecret_z${'2'.repeat(44)}`;
  for (const path of ['/', link]) {
    await app.open(origins[0], path);
    await expect.poll(() => page.evaluate(() => sessionStorage.getItem('ended'))).toBe('yes');
    const asks = page.getByRole('button', { name: /^(Continue|Join) with a passkey$/ });
    await expect(asks).toBeVisible();
    // A notice would appear once the device's accounts are read, which takes a few frames, or more on a slow machine.
    await page.evaluate(async () => {
      for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
    });
    await expect(page.getByRole('alert')).toBeEmpty();
    // A prompt that the user asked for is explained.
    await page.evaluate(() => {
      sessionStorage.clear();
      navigator.credentials.create = () => Promise.reject(new DOMException('Refused', 'NotAllowedError'));
    });
    await asks.click();
    await expect(page.getByRole('alert')).toContainText('The passkey prompt closed without a result');
    await page.goto('about:blank');
  }
});

test('Enter in the name field signs up, as the button below it does', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('textbox', { name: 'Your name (optional)' }).fill('Ana');
  await page.keyboard.press('Enter');
  await app.makeList('Groceries');
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await expect(page.getByRole('region', { name: 'What is on this device' })).toContainText('Ana');
  const name = page.getByRole('textbox', { name: /^Your name/ });
  await expect(name).toHaveValue('Ana');
  await name.fill('Ana Lovelace');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Your name was saved' })).toHaveCount(1);
  await app.untilStored();
  await page.reload();
  await expect(name).toHaveValue('Ana Lovelace');
});

test('two accounts on a device are chosen by name, and neither sees the other’s lists', async ({
  page,
  origins,
}) => {
  const authenticator = await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  const name = page.getByRole('textbox', { name: 'Your name (optional)' });
  await name.fill('Ana');
  await app.signUp();
  await app.makeList('Ana’s');
  await app.untilStored();

  const leave = async () => {
    await page.getByRole('link', { name: 'Account and device' }).first().click();
    await page.getByRole('button', { name: 'Open another account' }).click();
  };
  await leave();
  const accounts = page.getByRole('list', { name: 'Accounts on this device' });
  await expect(accounts.getByRole('button')).toHaveText(/Ana/);
  await authenticator.replace();
  await page.getByRole('button', { name: 'Create another account' }).click();
  await app.makeList('Mara’s');
  await expect(page.getByRole('link', { name: /Ana’s/ })).toHaveCount(0);
  await app.untilStored();

  await leave();
  await expect(accounts.getByRole('button')).toHaveCount(2);
  await accounts.getByRole('button', { name: /^Ana/ }).click();
  await app.openList('Ana’s');
  await expect(page.getByRole('link', { name: /Mara’s/ })).toHaveCount(0);
  await page.reload();
  await app.openList('Ana’s');
});

test('an account that asks each time returns with one tap, and one that keeps nothing leaves nothing', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  const choice = page.getByRole('combobox', { name: 'When you come back' });
  await choice.selectOption('Ask each time');
  await app.signUp();
  await app.makeList('Groceries');
  await app.untilStored();
  await page.reload();
  await expect(choice).toHaveValue('passkey');
  await page.getByRole('list', { name: 'Accounts on this device' }).getByRole('button').click();
  await app.openList('Groceries');

  await app.open(origins[1]);
  await choice.selectOption('Keep nothing here');
  await expect(page.getByText('For a shared computer: nothing is left behind.')).toBeVisible();
  await app.signIn();
  await app.openList('Groceries');
  const kept = await page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    marks: Object.keys(localStorage),
  }));
  expect(kept).toEqual({ databases: [], marks: [] });
  await page.reload();
  await expect(page.getByRole('button', { name: 'I already have an account' })).toBeVisible();
});
