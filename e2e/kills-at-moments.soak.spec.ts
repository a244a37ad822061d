import type { Page } from '@playwright/test';
import { createRandom } from '../test/long/seeded-random.ts';
import { haltAt, type DatabaseWork } from './support/database-moments.ts';
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
  device.setOnline(false);
  const page = await device.open(async (next) => {
    halted = await haltAt(next, work, number);
  });
  await page.evaluate((to) => writingApp.resume(to), device.url);
  await device.check(page, recent);
  return { page, halted: () => halted?.() };
}

/** Does not wait, because the page may halt before it has written. */
function write({ groupID }: KilledDevice, page: Page, run: number, count: number): void {
  page
    .evaluate(([id, ...some]) => writingApp.writeSingly(id, ...some), [groupID, run, count] as const)
    .catch(() => {});
}

async function goOnline(device: KilledDevice, page: Page): Promise<void> {
  device.setOnline(true);
  await page.evaluate(() => {
    globalThis.isAuditDue = true;
    writingApp.reconnect();
  });
}

async function checkLast(device: KilledDevice): Promise<void> {
  device.setOnline(false);
  const last = await device.open();
  await last.evaluate((to) => writingApp.resume(to), device.url);
  await device.check(last);
  await device.untilDelivered(last);
  await device.close();
}

test(`[CONF-12] ${kills} kills of a tab that compares everything with a relay that lost its data (seed ${seed})`, async ({
  context,
  app,
}) => {
  const random = createRandom(seed);
  const device = await createKilledDevice(context, app.origin);
  const first = await device.open();
  await first.evaluate((to) => writingApp.resume(to), device.url);
  await first.evaluate((id) => writingApp.writeSingly(id, 0, 300), device.groupID);
  await device.untilDelivered(first);
  await device.kill(first);
  const halts: string[] = [];
  let auditCount = 0;
  for (let run = 1; halts.length < kills; run++) {
    const { page, halted } = await openToHalt(device, 'audit', random(1, run % 2 === 1 ? 12 : 60));
    if (device.isAudited) auditCount++;
    else await device.loseRelay();
    const before = device.reported.saved;
    write(device, page, run, 3);
    await expect.poll(() => device.reported.saved - before, { intervals: [5] }).toBe(3);
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
    if (call !== undefined) halts.push(call);
    await device.kill(page);
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
