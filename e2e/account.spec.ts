import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

test('a signed-up account is still open after a reload', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();

  await page.reload();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});

test('an edit in one tab appears in another without a tap', async ({ page, context, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');

  const other = createApp(await context.newPage());
  await other.open(origins[0]);
  await other.openList('Groceries');
  await app.addItem('Bread');
  await expect(other.item('Bread')).toBeVisible();
  await other.tick('Bread');
  await app.untilTicked('Bread');
});

test('a second device opens the same account from the passkey and the relay alone', async ({
  page,
  context,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();

  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();

  const first = createApp(await context.newPage());
  await first.open(origins[0]);
  await first.openList('Groceries');
  await app.addItem('Milk');
  await expect(first.item('Milk')).toBeVisible();
});
