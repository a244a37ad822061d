import { expect, type Locator, type Page } from '@playwright/test';

/** Drives the demo like a user: by its visible text. */
export interface App {
  readonly page: Page;
  readonly syncLine: Locator;
  open(origin: string, path?: string): Promise<void>;
  signUp(): Promise<void>;
  /** Signs up at an origin, and creates a list with items. */
  begin(origin: string, list: string, ...items: string[]): Promise<void>;
  signIn(): Promise<void>;
  makeList(name: string): Promise<void>;
  openList(name: string): Promise<void>;
  addItem(text: string): Promise<void>;
  item(text: string): Locator;
  /** Ticks the item, which moves it to the done ones. */
  tick(text: string): Promise<void>;
  untilTicked(text: string): Promise<void>;
  renameItem(from: string, to: string): Promise<void>;
  /** Chooses a file as an item's picture, replacing any other. */
  putPicture(item: string, file: Upload): Promise<void>;
  /** The control that opens an item's picture. */
  picture(item: string): Locator;
  /** The link of the open list. */
  share(): Promise<string>;
  /** Starts with a shared list that the relay has completely; returns its link. */
  beginShared(origin: string, list: string, ...items: string[]): Promise<string>;
  /** The text of one rung in the ladder behind the sync line. */
  rung(name: string): Promise<string>;
  /** Waits until the sync line reports that the relay has stored everything. */
  untilStored(): Promise<void>;
}

/** A file as chosen in the browser's dialog. */
export interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export function createApp(page: Page): App {
  const syncLine = page.getByRole('group', { name: 'Sync' }).getByRole('button').first();
  const item = (text: string) => page.getByRole('checkbox', { name: text, exact: true });
  const app: App = {
    page,
    syncLine,
    async open(origin, path = '/') {
      await page.goto(`${origin}${path}`);
    },
    async signUp() {
      await page.getByRole('button', { name: 'Continue with a passkey' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(syncLine).toBeVisible();
    },
    async begin(origin, list, ...items) {
      await app.open(origin);
      await app.signUp();
      await app.makeList(list);
      for (const text of items) await app.addItem(text);
    },
    async signIn() {
      await page.getByRole('button', { name: 'I already have an account' }).click();
      await expect(syncLine).toBeVisible();
    },
    async makeList(name) {
      const field = page.getByRole('textbox', { name: 'List name' });
      const link = page.getByRole('link', { name: 'New list' });
      await clickUnless(link, field); // Without any list, the field is the first page.
      await field.fill(name);
      await page.getByRole('button', { name: 'Create list' }).click();
      await expect(page.getByRole('heading', { name })).toBeVisible();
    },
    async openList(name) {
      await page
        .getByRole('navigation', { name: 'Lists' })
        .getByRole('link', { name: new RegExp(name) })
        .click();
      await expect(page.getByRole('heading', { name })).toBeVisible();
    },
    async addItem(text) {
      const field = page.getByRole('textbox', { name: 'New item' });
      await field.fill(text);
      await field.press('Enter');
      await expect(item(text)).toBeVisible();
    },
    item,
    async tick(text) {
      await item(text).click();
      await expect(
        page.getByRole('list', { name: 'Items', exact: true }).getByRole('checkbox', { name: text }),
      ).toHaveCount(0);
    },
    async untilTicked(text) {
      const more = page.getByRole('button', { name: /^\d+ done$/ });
      await expect(more).toBeVisible();
      if ((await more.getAttribute('aria-expanded')) !== 'true') await more.click();
      await expect(item(text)).toBeChecked();
    },
    async renameItem(from, to) {
      await item(from).focus();
      await page.keyboard.press('F2');
      const field = page.getByRole('textbox', { name: 'Rename item' });
      await field.fill(to);
      await field.press('Enter');
      await expect(item(to)).toBeVisible();
    },
    async putPicture(text, file) {
      const chooser = page.waitForEvent('filechooser');
      await item(text).hover();
      const button = new RegExp(`^(Add a picture to|Replace the picture of) ${text}$`);
      await page.getByRole('button', { name: button }).click();
      await (await chooser).setFiles(file);
    },
    picture: (text) => page.getByRole('button', { name: `Open the picture of ${text}`, exact: true }),
    async share() {
      await page.getByRole('button', { name: 'Share' }).click();
      const make = page.getByRole('button', { name: 'Create a link' });
      const link = page.getByRole('textbox', { name: 'Link' });
      await clickUnless(make, link);
      const value = await link.inputValue();
      await page.getByRole('button', { name: 'Close' }).click();
      return value;
    },
    async beginShared(origin, list, ...items) {
      await app.begin(origin, list, ...items);
      await app.untilStored();
      const link = await app.share();
      await app.untilStored();
      return link;
    },
    async rung(name) {
      const ladder = page.getByRole('region', { name: 'Where your changes are' });
      await syncLine.click();
      const words = await ladder.getByRole('listitem').filter({ hasText: name }).innerText();
      await page.keyboard.press('Escape');
      await expect(ladder).toBeHidden();
      return words;
    },
    untilStored: () => expect(syncLine).toContainText('Stored by the relay', { timeout: 30_000 }),
  };
  return app;
}

/** Clicks the control, unless what it leads to is shown already. It may be replaced while it is being clicked. */
async function clickUnless(control: Locator, target: Locator): Promise<void> {
  await expect(async () => {
    if (await target.isHidden()) await control.click({ timeout: 1_000 });
    await expect(target).toBeVisible({ timeout: 1_000 });
  }).toPass();
}
