import type { Page } from '@playwright/test';
import { createRandom } from '../test/long/seeded-random.ts';
import { haltAt, type DatabaseWork } from './support/database-moments.ts';
import { createKilledDevice, type KilledDevice } from './support/killed-device.ts';
import { expect, test } from './support/test.ts';
import { readDatabase, toVersionBefore } from './support/version-before.ts';

// Opens a profile of the version before the ledger, and kills the tab between two database calls of the migration.

test.use({ trace: 'off', navigationTimeout: 60_000 });
test.beforeEach(() => test.setTimeout(240_000));

/** Writes edits that the relay confirms, and edits that it does not get, then puts the database back. */
async function writeBefore(device: KilledDevice, storage?: 'cojson-indexeddb'): Promise<readonly string[]> {
  const { groupID, url } = device;
  const page = await device.open();
  await page.evaluate(([to, kind]) => writingApp.resume(to, kind), [url, storage] as const);
  await page.evaluate((id) => writingApp.writeSingly(id, 1, 440), groupID);
  await expect.poll(() => page.evaluate(() => writingApp.pending()), { timeout: 60_000 }).toBe(0);
  device.setOnline(false);
  await page.evaluate((id) => writingApp.writeSingly(id, 2, 20), groupID);
  await expect.poll(() => device.reported.saved).toBe(460);
  const claims = await page.evaluate((ids) => writingApp.claims(ids), device.savedIDs);
  const pending = claims.flatMap(({ id, confirmed }) => (confirmed === 'pending' ? id : []));
  expect(pending.length).toBeGreaterThanOrEqual(5);
  await device.kill(page);
  const raw = await device.open();
  // That version could lose a mark.
  const marked = pending.slice(1);
  await toVersionBefore(raw, marked);
  await raw.close();
  return marked;
}

/** Opens the account in a page and kills that where it halts. Undefined if the work ended without a halt. */
async function killAt(
  device: KilledDevice,
  work: DatabaseWork,
  number: number,
  isDone: (page: Page) => Promise<unknown>,
): Promise<string | undefined> {
  let halted: (() => string | undefined) | undefined;
  const page = await device.open(async (next) => {
    halted = await haltAt(next, work, number);
  });
  let hasEnded = false;
  const opening = page.evaluate((to) => writingApp.resume(to), device.url).then(() => isDone(page));
  // A page that has halted answers nothing.
  opening.then(
    () => (hasEnded = true),
    () => {},
  );
  const isOver = () => hasEnded || halted?.() !== undefined;
  await expect.poll(isOver, { intervals: [5, 20], timeout: 60_000 }).toBe(true);
  await device.kill(page);
  return halted?.();
}

/** Everything is there, nothing counts as confirmed that the relay lacks, and it gets the rest. */
async function checkMigrated(device: KilledDevice, marked: readonly string[]): Promise<void> {
  const page = await device.open();
  await page.evaluate((to) => writingApp.resume(to), device.url);
  const claimed = async (step: string) => {
    const claims = await device.check(page);
    return claims.filter(({ confirmed }) => confirmed === step).map(({ id }) => id);
  };
  await expect.poll(() => claimed('pending')).toEqual(expect.arrayContaining([...marked]));
  expect(await claimed('reached')).toEqual([]);
  await device.untilDelivered(page);
  await device.close();
}

test('[STORE-12] a profile of the version before is killed at each moment of its upgrade, and loses nothing', async ({
  context,
  app,
}) => {
  const device = await createKilledDevice(context, app.origin);
  const marked = await writeBefore(device);
  const readRaw = async () => {
    const page = await device.open();
    const found = await readDatabase(page);
    await page.close();
    return found;
  };
  const before = await readRaw();
  expect(before.version).toBe(3);
  const halts: string[] = [];
  while (halts.at(-1) !== 'complete') {
    const call = await killAt(device, 'upgrade', halts.length + 1, () => Promise.resolve());
    if (call === undefined) throw new Error('The upgrade ended without a halt.');
    halts.push(call);
    const after = await readRaw();
    if (call === 'complete') expect(after.version).toBe(4);
    else expect(after).toEqual(before);
  }
  expect(halts.length).toBeGreaterThan(10);
  await checkMigrated(device, marked);
  console.log(`${halts.length} kills in the upgrade, before: ${halts.join(', ')}`);
});

test('[STORE-8] a profile in stock storage is killed at ten moments of its migration, and loses nothing', async ({
  context,
  app,
}) => {
  const random = createRandom(Number(process.env['MAIA_SEED'] ?? 1));
  const device = await createKilledDevice(context, app.origin, 'cojson-indexeddb');
  const marked = await writeBefore(device, 'cojson-indexeddb');
  const isMoved = (page: Page) =>
    page.waitForFunction(async () => {
      const databases = await indexedDB.databases();
      return !databases.some(({ name }) => name?.startsWith('maia-cojson-'));
    });
  const halts: string[] = [];
  const killDuring = async (work: DatabaseWork, number: number) => {
    const call = await killAt(device, work, number, isMoved);
    if (call !== undefined) halts.push(call);
    return call !== undefined;
  };
  for (let n = 0; n < 7; n++) expect(await killDuring('stock migration', random(1, 100))).toBe(true);
  let number = 1;
  while (await killDuring('writes of the stock migration', number)) number++;
  expect(halts.length).toBeGreaterThanOrEqual(10);
  await checkMigrated(device, marked);
  console.log(`${halts.length} kills in the migration, before: ${halts.join(', ')}`);
});
