import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

test('[SEC-9] two accounts connect through a share link, and no request carries its secret', async ({
  page,
  browser,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  const link = await app.beginShared(origins[0], 'Cabin weekend', 'Firewood');
  const secret = link.split('/').at(-1) ?? '';
  expect(secret.length).toBeGreaterThan(20);

  const guestContext = await browser.newContext();
  const guestPage = await guestContext.newPage();
  await addAuthenticator(guestPage);
  const asked: string[] = [];
  guestPage.on('request', (request) => {
    asked.push(request.url(), JSON.stringify(request.headers()), request.postData() ?? '');
  });
  guestPage.on('websocket', (socket) => {
    asked.push(socket.url());
    socket.on('framesent', ({ payload }) => asked.push(payload.toString()));
  });
  await guestPage.goto(link);
  const join = guestPage.getByRole('button', { name: 'Join with a passkey' });
  await expect(join).toBeVisible();
  expect(guestPage.url()).not.toContain(secret);
  await join.click();
  const guest = createApp(guestPage);
  await expect(guest.item('Firewood')).toBeVisible({ timeout: 30_000 });
  expect(asked.join('\n').replace(link, '')).not.toContain(secret);

  await guest.addItem('Matches');
  await expect(app.item('Matches')).toBeVisible();
  await app.tick('Firewood');
  await guest.untilTicked('Firewood');
  await guestContext.close();
});

test('what is not shared stays private', async ({ page, browser, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Mine alone', 'Secret plan');
  await app.untilStored();
  const listID = new URL(page.url()).hash.split('/').at(-1) ?? '';
  expect(listID).toMatch(/^co_z/);

  // A stranger who knows the ID and has a well-formed secret.
  const strangerContext = await browser.newContext();
  const strangerPage = await strangerContext.newPage();
  await addAuthenticator(strangerPage);
  await strangerPage.goto(`${origins[0]}/#/invite/${listID}/inviteSecret_z${'2'.repeat(44)}`);
  await strangerPage.getByRole('button', { name: 'Join with a passkey' }).click();
  await expect(strangerPage.getByText('This link does not let you in')).toBeVisible({ timeout: 30_000 });
  await expect(strangerPage.getByText('Secret plan')).toHaveCount(0);
  await strangerContext.close();
});
