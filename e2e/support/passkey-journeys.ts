import type { Page } from '@playwright/test';
import { addAuthenticator } from './authenticator.ts';
import { backOnline } from './network.ts';
import { createRelayProcess, type RelayProcess } from './relay-process.ts';
import { freePort, serveBuilt, type Served } from './servers.ts';
import { expect, test as base } from './test.ts';

type Prf = 'on-create' | 'on-get';

interface Person {
  /** Adds another passkey provider, with its own page. */
  plugIn(): Promise<Page>;
  /** The relay forgets everything when it is stopped. */
  readonly relay: RelayProcess;
  readonly url: string;
  /** Opens the app on a device with this provider available. Leaves the page of the previous provider. */
  at(device: number, keeper: Page): Promise<Page>;
}

const test = base.extend<
  { readonly prf: Prf; readonly person: Person },
  { readonly memoryRelay: RelayProcess; readonly devices: readonly Served[] }
>({
  memoryRelay: [
    async ({ world }, use) => {
      const { program } = world;
      const relay = createRelayProcess({ program, port: await freePort(), storage: 'memory:' });
      await use(relay);
      await relay.stop();
    },
    { scope: 'worker' },
  ],
  devices: [
    async ({ app }, use) => {
      const others = [await serveBuilt(app.directory), await serveBuilt(app.directory)];
      await use([app, ...others]);
      for (const other of others) await other.close();
    },
    { scope: 'worker' },
  ],
  prf: ['on-create', { option: true }],
  person: async ({ context, memoryRelay: relay, devices, prf }, use) => {
    await relay.start();
    // The providers still offer removed passkeys, like browsers without the Signal API.
    await context.addInitScript(() => Reflect.deleteProperty(PublicKeyCredential, 'signalUnknownCredential'));
    let last: Page | undefined;
    await use({
      async plugIn() {
        const page = await context.newPage();
        await addAuthenticator(page, { prf, hasAutofill: true });
        return page;
      },
      relay,
      url: `ws://localhost:${relay.port}/sync`,
      async at(device, keeper) {
        if (last !== keeper) await last?.goto('about:blank');
        last = keeper;
        await keeper.goto(`${devices[device]?.origin}/passkeys.html`);
        await keeper.waitForFunction(() => 'passkeyApp' in globalThis);
        return keeper;
      },
    });
  },
});

const untilConfirmed = (page: Page) =>
  expect.poll(() => page.evaluate(() => passkeyApp.isConfirmed()), { timeout: 60_000 }).toBe(true);
const listed = (page: Page) => page.evaluate(() => passkeyApp.list());
const idsOf = async (page: Page) => (await listed(page)).map(({ id }) => id).toSorted();
const signUp = (page: Page, url: string) => page.evaluate((to) => passkeyApp.signUp(to), url);
const signIn = (page: Page, url: string) => page.evaluate((to) => passkeyApp.signIn(to), url);
const note = (page: Page) => page.evaluate(() => passkeyApp.note());
const write = (page: Page, text: string) => page.evaluate((value) => passkeyApp.write(value), text);
const accounts = (page: Page) => page.evaluate(() => passkeyApp.accounts());
const signOut = (page: Page) => page.evaluate(() => passkeyApp.signOut());
const resume = (page: Page, url: string) => page.evaluate((to) => passkeyApp.resume(to), url);
const add = (page: Page, label: string) => page.evaluate((name) => passkeyApp.add(name), label);
const check = (page: Page, id: string) => page.evaluate((which) => passkeyApp.check(which), id);
const forgetAll = (page: Page) =>
  page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
  });
const remove = (page: Page, id: string) => page.evaluate((which) => passkeyApp.remove(which), id);

/** Tests what a user does with passkeys that return their key on creation, or only on use. */
export function testPasskeys(prf: Prf): void {
  test.describe(`with PRF ${prf}`, () => {
    // Many page loads and prompts, on a machine that may be busy.
    test.describe.configure({ timeout: 240_000 });
    test.use({ prf });

    test('an account from its first tap to its end: reloads, other devices, no relay, autofill, words, a second account', async ({
      person,
    }) => {
      const { relay, url } = person;
      const laptop = await person.plugIn();
      let page = await person.at(0, laptop);
      const accountID = await signUp(page, url);
      await write(page, 'Bread');
      await untilConfirmed(page);
      page = await person.at(0, laptop);
      expect(await resume(page, url)).toBe(accountID);
      expect(await note(page)).toBe('Bread');

      page = await person.at(1, laptop);
      expect(await signIn(page, url)).toBe(accountID);
      await expect.poll(() => note(page)).toBe('Bread');
      await untilConfirmed(page);
      await relay.stop();
      page = await person.at(1, laptop);
      expect(await signIn(page, url)).toBe(accountID);
      expect(await note(page)).toBe('Bread');
      // The relay will be empty when it starts again; only a new edit makes the page wait for its confirmation.
      await write(page, 'Bread and butter');
      await relay.start();
      await backOnline(page);
      await untilConfirmed(page);

      page = await person.at(2, laptop);
      const filled = await page.evaluate((to) => passkeyApp.signIn(to, { autofill: true }), url);
      expect(filled).toBe(accountID);
      const words = await page.evaluate(() => passkeyApp.reveal());
      expect(words).toMatch(/^([a-z]+ ){23}[a-z]+$/);
      await untilConfirmed(page);
      await forgetAll(page);
      page = await person.at(2, laptop);
      expect(await accounts(page)).toEqual([]);
      const typed = page.evaluate(([phrase, to]) => passkeyApp.signInByWords(phrase, to), [
        words,
        url,
      ] as const);
      expect(await typed).toBe(accountID);
      await expect.poll(() => note(page)).toBe('Bread and butter');

      page = await person.at(0, await person.plugIn());
      const another = await page.evaluate((to) => passkeyApp.signUp(to, { anotherAccount: true }), url);
      expect(await accounts(page)).toEqual([accountID, another].toSorted());
      expect(await note(page)).toBe(undefined);
      await untilConfirmed(page);
      page = await person.at(0, laptop);
      const chosen = page.evaluate(([to, id]) => passkeyApp.resume(to, id), [url, accountID] as const);
      expect(await chosen).toBe(accountID);
      await expect.poll(() => note(page)).toBe('Bread and butter');

      await relay.stop();
      await write(page, 'Bread and milk');
      expect(await signOut(page)).toBe('UNSYNCED_CHANGES');
      await relay.start();
      await backOnline(page);
      await untilConfirmed(page);
      expect(await signOut(page)).toBe('signed out');
      expect(await accounts(page)).toEqual([another]);
    });

    test('a second passkey opens the account on an empty device, and the first one can be removed', async ({
      person,
    }) => {
      const { url } = person;
      const laptop = await person.plugIn();
      const signingUp = await person.at(0, laptop);
      const accountID = await signUp(signingUp, url);
      await untilConfirmed(signingUp);
      expect(await signingUp.evaluate(() => passkeyApp.reach())).toBe(
        prf === 'on-create' ? 'elsewhere' : 'this-device',
      );
      const [first] = await idsOf(signingUp);
      if (first === undefined) throw new Error('no passkey');

      const key = await person.plugIn();
      const adding = await person.at(0, key);
      expect(await resume(adding, url)).toBe(accountID);
      const second = await add(adding, 'Security key');
      await untilConfirmed(adding);
      if (prf === 'on-get') {
        expect(await listed(adding)).toMatchObject([{ usableElsewhere: false }, { usableElsewhere: false }]);
        expect(await check(adding, second)).toBe(second);
        await untilConfirmed(adding);
      }
      expect((await listed(adding)).find(({ id }) => id === second)).toMatchObject({
        label: 'Security key',
        onThisDevice: true,
        usableElsewhere: true,
      });

      const removing = await person.at(1, key);
      expect(await signIn(removing, url)).toBe(accountID);
      await expect.poll(() => idsOf(removing)).toEqual([first, second].toSorted());
      expect(await remove(removing, first)).toBe('removed');
      expect(await remove(removing, second)).toBe('PASSKEY_LAST');
      await untilConfirmed(removing);

      expect(await signIn(await person.at(2, laptop), url)).toBe('PASSKEY_REMOVED');
      expect(await signIn(await person.at(2, key), url)).toBe(accountID);
    });

    test('two devices each add a passkey while the relay is replaced by an empty one: all sign in except with the removed one', async ({
      person,
    }) => {
      const { relay, url } = person;
      const laptop = await person.plugIn();
      const signingUp = await person.at(0, laptop);
      const accountID = await signUp(signingUp, url);
      const [removed = ''] = await idsOf(signingUp);

      const key = await person.plugIn();
      const replacing = await person.at(0, key);
      expect(await resume(replacing, url)).toBe(accountID);
      await add(replacing, 'Security key');
      expect(await remove(replacing, removed)).toBe('removed');
      await untilConfirmed(replacing);
      const elsewhere = await person.at(1, key);
      expect(await signIn(elsewhere, url)).toBe(accountID);
      await untilConfirmed(elsewhere);

      await relay.stop();
      const one = await person.plugIn();
      const addingHere = await person.at(1, one);
      expect(await resume(addingHere, url)).toBe(accountID);
      const addedHere = await add(addingHere, 'On the second device');
      const other = await person.plugIn();
      const addingThere = await person.at(0, other);
      expect(await resume(addingThere, url)).toBe(accountID);
      const before = await idsOf(addingThere);
      const addedThere = await add(addingThere, 'On the first device');
      await relay.start();
      await backOnline(addingThere);
      await untilConfirmed(addingThere);
      const again = await person.at(1, one);
      expect(await resume(again, url)).toBe(accountID);
      await expect.poll(() => idsOf(again)).toEqual([...before, addedHere, addedThere].toSorted());
      await untilConfirmed(again);

      for (const keeper of [key, one, other]) {
        const page = await person.at(2, keeper);
        expect(await signIn(page, url)).toBe(accountID);
        await forgetAll(page);
      }
      expect(await signIn(await person.at(2, laptop), url)).toBe('PASSKEY_REMOVED');
    });
  });
}
