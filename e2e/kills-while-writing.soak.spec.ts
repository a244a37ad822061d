import type { Page } from '@playwright/test';
import { createRandom } from '../test/long/seeded-random.ts';
import type { Written } from './bare-app/writing.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

// Kills a tab repeatedly while it writes to this device. `MAIA_KILLS=200` for a full run, `MAIA_SEED` for
// other moments.

const kills = Number(process.env['MAIA_KILLS'] ?? 20);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
/** How many previous runs each start reads; the last start reads all. */
const recent = 20;

test.use({ trace: 'off', navigationTimeout: 60_000 });

/**
 * Kills all of the browser's renderers, the page's included, without any event or chance to clean up.
 * Needs no cooperation from the page.
 */
async function kill(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const cdp = await page.context().browser()?.newBrowserCDPSession();
  if (!cdp) throw new Error('The browser is not there.');
  const renderers = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  };
  const killed = await renderers();
  for (const id of killed) process.kill(id, 'SIGKILL');
  await crashed;
  // Do not mistake a spare renderer for the killed one.
  await expect.poll(async () => (await renderers()).filter((id) => killed.includes(id))).toEqual([]);
  await cdp.detach();
  await page.close();
}

test(`[STORE-10] ${kills} kills of a tab while it writes lose nothing that was saved (seed ${seed})`, async ({
  context,
  app,
}) => {
  test.setTimeout(120_000 + kills * 10_000);
  const random = createRandom(seed);
  const keysByMap = new Map<string, Set<string>>();
  let told = 0;
  let missing: readonly Written[] = [];
  const hear = (saved: readonly Written[]) => {
    told += saved.length;
    for (const { id, key } of saved) keysByMap.set(id, (keysByMap.get(id) ?? new Set()).add(key));
  };
  await context.exposeFunction('toldWritten', hear);
  await context.route('**/told', async (route) => {
    hear(route.request().postDataJSON() as readonly Written[]);
    await route.fulfill();
  });

  async function open(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${app.origin}/writing.html`);
    await page.waitForFunction(() => 'writingApp' in globalThis);
    return page;
  }

  async function look(page: Page, ids: readonly string[]): Promise<void> {
    const found = await page.evaluate((wanted) => writingApp.read(wanted), ids);
    missing = ids.flatMap((id, index) => {
      const keys = new Set(found[index]);
      return [...(keysByMap.get(id) ?? [])].filter((key) => !keys.has(key)).map((key) => ({ id, key }));
    });
    expect(missing).toEqual([]);
  }

  const first = await open();
  await addAuthenticator(first);
  const groupID = await first.evaluate(() => writingApp.signUp());
  await kill(first);
  for (let run = 1; run <= kills; run++) {
    const page = await open();
    await page.evaluate(() => writingApp.resume());
    await look(page, [...keysByMap.keys()].slice(-recent));
    const before = told;
    // Kills after a random number of edits: in the middle of writing, or right after a notification.
    const enough = random(1, 150);
    const standsStillAt = run % 2 === 0 ? enough : undefined;
    await page.evaluate(([id, number, count]) => writingApp.write(id, number, count), [
      groupID,
      run,
      standsStillAt,
    ] as const);
    await expect.poll(() => told - before, { intervals: [5] }).toBeGreaterThanOrEqual(enough);
    await kill(page);
  }
  const last = await open();
  await last.evaluate(() => writingApp.resume());
  await look(last, [...keysByMap.keys()]);
  console.log(`${kills} kills, ${told} edits that were saved in ${keysByMap.size} maps, 0 missing`);
});
