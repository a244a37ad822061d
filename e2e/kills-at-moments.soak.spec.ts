import type { Page } from '@playwright/test';
import { createRandom } from '../test/long/seeded-random.ts';
import {
  countRecords,
  haltAt,
  readLosses,
  stallAudit,
  type DatabaseWork,
} from './support/database-moments.ts';
import { createKilledDevice, type KilledDevice } from './support/killed-device.ts';
import { expect, test } from './support/test.ts';

// Kills a tab between two database calls of a piece of work. `MAIA_KILLS=200` for a full run, with 50 kills of each,
// `MAIA_SEED` for other moments.

const kills = Math.ceil(Number(process.env['MAIA_KILLS'] ?? 20) / 4);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
const recent = 60;

test.use({ trace: 'off', navigationTimeout: 60_000 });
test.beforeEach(() => test.setTimeout(120_000 + kills * 30_000));

/** Opens the account without a line to the relay, in a page that will halt. Returns where it has halted. */
async function openToHalt(device: KilledDevice, work: DatabaseWork, number: number) {
  let halted: (() => string | undefined) | undefined;
  const page = await openOffline(device, async (next) => {
    halted = await haltAt(next, work, number);
  });
  return { page, halted: () => halted?.() };
}

async function openOffline(device: KilledDevice, prepare?: (page: Page) => Promise<void>): Promise<Page> {
  device.setOnline(false);
  const page = await device.open(prepare);
  await page.evaluate((to) => writingApp.resume(to), device.url);
  return page;
}

/** Does not wait, because the page may halt before it has written. */
function write({ groupID }: KilledDevice, page: Page, run: number, count: number): void {
  page
    .evaluate(([id, ...some]) => writingApp.writeSingly(id, ...some), [groupID, run, count] as const)
    .catch(() => {});
}

async function writeUntilSaved(device: KilledDevice, page: Page, run: number): Promise<void> {
  const before = device.reported.saved;
  write(device, page, run, 3);
  await expect.poll(() => device.reported.saved - before, { intervals: [5] }).toBe(3);
}

async function goOnline(device: KilledDevice, page: Page): Promise<void> {
  // Before the line is there, because the page also tries again by itself.
  await page.evaluate(() => (globalThis.isAuditDue = true));
  device.setOnline(true);
  await page.evaluate(() => writingApp.reconnect());
}

/** In pages of their own: cojson sends what a page has loaded, even if the kernel has forgotten that it is owed. */
async function check(device: KilledDevice): Promise<void> {
  const page = await openOffline(device);
  await device.check(page);
  await device.kill(page);
}

async function untilDelivered(device: KilledDevice): Promise<void> {
  const page = await openOffline(device);
  device.setOnline(true);
  await page.evaluate(() => writingApp.reconnect());
  await page.waitForFunction(() => writingApp.pending() === 0);
  await compactLedger(device, page);
  await device.untilDelivered(page);
  await device.kill(page);
}

let compactions = 0;

/**
 * Until its records are compacted, the ledger still has debts that the relay has ended, and so counts them again after a loss
 * of the relay's data, whatever the comparison does.
 */
async function compactLedger(device: KilledDevice, page: Page): Promise<void> {
  const before = device.reported.saved;
  write(device, page, -2 - compactions++, 80);
  await expect.poll(() => device.reported.saved - before, { timeout: 60_000 }).toBe(80);
  await expect.poll(() => page.evaluate(countRecords, 'ledger')).toBeLessThan(64);
}

async function checkLast(device: KilledDevice): Promise<void> {
  await check(device);
  await untilDelivered(device);
  await device.close();
}

/** How many calls to IndexedDB a comparison takes that nothing disturbs. */
async function countCalls(device: KilledDevice): Promise<number> {
  await device.loseRelay();
  const { page } = await openToHalt(device, 'audit', Infinity);
  await writeUntilSaved(device, page, 0);
  await goOnline(device, page);
  await page.waitForFunction(() => writingApp.pending() === 0);
  const calls = await page.evaluate(() => globalThis.callsOfWork ?? 0);
  await device.kill(page);
  await untilDelivered(device);
  return calls;
}

/** Kills a page that has noted that the relay has lost data, before it knows what it is to compare. */
async function killBeforeListing(device: KilledDevice, run: number): Promise<void> {
  const page = await openOffline(device, stallAudit);
  await writeUntilSaved(device, page, run);
  const before = await page.evaluate(readLosses);
  await goOnline(device, page);
  await expect.poll(() => page.evaluate(readLosses), { timeout: 60_000 }).toBeGreaterThan(before);
  await page.evaluate(readLosses);
  await device.kill(page);
}

/** Returns before which call the page was killed. Undefined if everything was delivered before. */
async function killAtCall(device: KilledDevice, run: number, number: number): Promise<string | undefined> {
  const { page, halted } = await openToHalt(device, 'audit', number);
  await writeUntilSaved(device, page, run);
  await goOnline(device, page);
  // A page that has halted answers nothing.
  let isDelivered = false;
  page
    .waitForFunction(() => writingApp.pending() === 0, undefined, { timeout: 0 })
    .then(
      () => (isDelivered = true),
      () => {},
    );
  const isDone = () => isDelivered || halted() !== undefined;
  await expect.poll(isDone, { intervals: [5, 20], timeout: 60_000 }).toBe(true);
  const call = halted();
  await device.kill(page);
  return call;
}

test(`[CONF-12] ${kills} kills of a tab that compares everything with a relay that lost its data (seed ${seed})`, async ({
  context,
  app,
}) => {
  const random = createRandom(seed);
  const device = await createKilledDevice(context, app.origin);
  const first = await device.open();
  await first.evaluate((to) => writingApp.resume(to), device.url);
  await first.evaluate((id) => writingApp.writeSingly(id, -1, 300), device.groupID);
  await device.kill(first);
  await untilDelivered(device);
  const calls = await countCalls(device);
  const halts: string[] = [];
  let auditCount = 0;
  for (let run = 1; halts.length < kills; run++) {
    expect(run).toBeLessThan(2 * kills + 5);
    if (device.isAudited) auditCount++;
    else await device.loseRelay();
    if (run % 2 === 1) {
      await killBeforeListing(device, run);
      halts.push('the first page of the list');
    } else {
      const call = await killAtCall(device, run, random(1, calls));
      if (call !== undefined) halts.push(call);
    }
    await check(device);
    // The next run continues every third comparison.
    if (run % 3 > 0) await untilDelivered(device);
  }
  await checkLast(device);
  console.log(`${halts.length} kills, ${auditCount} audits left open, before: ${halts.join(', ')}`);
});

for (const work of ['ledger compaction', 'segment compaction'] as const) {
  test(`[STORE-12] ${kills} kills in a ${work} lose nothing that is saved or owed (seed ${seed})`, async ({
    context,
    app,
  }) => {
    const random = createRandom(seed);
    const device = await createKilledDevice(context, app.origin);
    const halts: string[] = [];
    for (let run = 1; run <= kills; run++) {
      // Every third kill comes right after the last transaction.
      const number = run % 3 === 0 ? Infinity : random(1, work === 'ledger compaction' ? 3 : 64);
      const { page, halted } = await openToHalt(device, work, number);
      await device.check(page, recent);
      if (run % 3 > 0) await goOnline(device, page);
      write(device, page, run, 70);
      await expect.poll(halted, { intervals: [20], timeout: 60_000 }).toBeDefined();
      halts.push(halted() ?? '');
      await device.kill(page);
    }
    await checkLast(device);
    console.log(`${kills} kills in a ${work}, before: ${halts.join(', ')}`);
  });
}
