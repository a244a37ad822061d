import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { findFirefox, howToInstall } from '../long/firefox/find-firefox.ts';
import { createProfile, launchFirefox, type Tab } from '../long/firefox/launch-firefox.ts';
import { buildTools, changeFile, makeStarter } from './make-starter.ts';
import { until } from '../support/until.ts';
import { run } from './run.mjs';
import { serveBuild } from './serve-build.mjs';
import { withRelay } from './with-relay.mjs';

const program = findFirefox();
const timeout = 300_000;

describe.skipIf(program === undefined)(`in Firefox${program === undefined ? howToInstall : ''}`, () => {
  it(
    'two people sign up by phrase and share a list, which is also there after a reload',
    { timeout },
    async () => {
      const app = await makeStarter('vanilla', inject('tarball'), buildTools);
      onTestFinished(() => rmSync(dirname(app), { recursive: true }));
      // Firefox has no virtual passkeys.
      changeFile(
        app,
        'src/main.ts',
        `signUpWithPasskey({ appName: 'Shared list' })`,
        'signUpWithRecoveryPhrase()',
      );
      const profile = await createProfile();
      onTestFinished(profile.remove);
      const firefox = await launchFirefox(program ?? '', profile);
      onTestFinished(firefox.kill);

      const people = await withRelay(app, async (relay) => {
        run('npm', ['run', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
        const server = await serveBuild(join(app, 'dist'), relay);
        onTestFinished(server.close);

        const ana = await firefox.open(server.url, await firefox.createUser());
        await click(ana, '#sign-up');
        await click(ana, '#start');
        await addItem(ana, 'Bread');
        await click(ana, '#share');
        const link = await until(async () => {
          const value = await ana.evaluate(`document.querySelector('#link').value`);
          expect(value).toContain('#/invite/');
          return value;
        });

        const ben = await firefox.open(link, await firefox.createUser());
        await click(ben, '#sign-up');
        await until(() => expectItems(ben, 'Bread'));
        await addItem(ben, 'Milk');
        for (const tab of [ana, ben]) {
          await until(() => expectItems(tab, 'Bread', 'Milk'));
          await until(() => expectOutput(tab, /^At the relay\.$/));
        }
        return [ana, ben];
      });

      // Without the relay, the account and the list can only come from the device.
      for (const tab of people) {
        await tab.reload();
        await until(() => expectItems(tab, 'Bread', 'Milk'));
        await until(() => expectOutput(tab, /^Could not reach a relay/));
      }
    },
  );
});

/** Once the page shows it and has enabled it. */
async function click(tab: Tab, selector: string): Promise<void> {
  const isClicked = `(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    if (!element?.checkVisibility() || element.matches(':disabled')) return false;
    element.click();
    return true;
  })()`;
  await until(async () => expect(await tab.evaluate(isClicked)).toBe('true'));
}

async function addItem(tab: Tab, text: string): Promise<void> {
  await tab.evaluate(`document.querySelector('input[name=text]').value = ${JSON.stringify(text)}`);
  await click(tab, '#add button');
}

async function expectItems(tab: Tab, ...items: readonly string[]): Promise<void> {
  const shown = await tab.evaluate(`document.querySelector('#items').innerText`);
  expect(shown.trim().split(/\s+/)).toEqual(items);
}

async function expectOutput(tab: Tab, text: RegExp): Promise<void> {
  expect(await tab.evaluate(`document.querySelector('output').innerText`)).toMatch(text);
}
