import { randomBytes } from 'node:crypto';
import { base58 } from '@scure/base';
import { findSecrets } from '../test/secrets/find-secrets.ts';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { startEchoServer } from './support/echo-server.ts';
import { openPanel } from './support/everything/look-at-panel.ts';
import { plants, type Plant } from './support/everything/plants.ts';
import { readBugReport, readInspector } from './support/everything/read-inspector.ts';
import { recordEverything } from './support/everything/record-everything.ts';
import { expect, test } from './support/test.ts';

/** Encodings of a planted secret. */
const written: Readonly<Record<Plant['form'], (secret: Buffer) => string>> = {
  hex: (secret) => secret.toString('hex'),
  base64: (secret) => secret.toString('base64'),
  base58: (secret) => base58.encode(secret),
};

test('a secret is found wherever it is planted', async ({ page, context, relay, devOrigin }) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  const everything = await recordEverything(context);
  await everything.watch(page);
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(devOrigin);
  await app.signUp();

  // As the name of an unconfirmed value, it appears in the panel and the inspector.
  const named = randomBytes(32);
  await relay.stop();
  await app.makeList(written.hex(named));
  await openPanel(page);
  await expect(page.getByRole('grid', { name: 'Unsynced CoValues' })).toContainText(written.hex(named));
  everything.add('inspector', [{ path: '', text: await readInspector(page) }]);
  // As the page's title, the name would be in the verdict about an edit that another tab made.
  await page.evaluate((text) => (document.title = text), written.hex(named));
  const report = await readBugReport(page);
  expect(report).toContain('### `co_z');
  everything.add('bug report', [{ path: '', text: report }]);

  const failed = randomBytes(32);
  const error = await page.evaluate(
    (text) =>
      readDeep(Object.assign(new Error('a', { cause: new Error('b') }), { details: { deep: [text] } })),
    written.base58(failed),
  );
  everything.add('error', error);

  const echo = await startEchoServer();
  const secrets = plants.map(({ name }) => ({ name, bytes: randomBytes(32) }));
  for (const [index, { form, put }] of plants.entries()) {
    await put(page, written[form](secrets[index]?.bytes ?? named), echo.host);
  }
  await everything.look(page);
  await echo.close();

  const all = [...secrets, { name: 'named', bytes: named }, { name: 'failed', bytes: failed }];
  const expected = [
    ...plants,
    { name: 'named', places: ['panel', 'inspector', 'page'] },
    { name: 'failed', places: ['error'] },
  ];
  const findings = findSecrets(all, await everything.read());
  expect(findings.filter(({ place }) => place.startsWith('bug report'))).toEqual([]);
  for (const { name, places } of expected) {
    const foundAt = findings.filter(({ secret }) => secret === name).map(({ place }) => place);
    for (const place of places) {
      expect
        .soft(
          foundAt.some((found) => found.startsWith(`${place}`)),
          `${name}, in ${place}`,
        )
        .toBe(true);
    }
  }
});
