import { createRandom } from '../test/long/seeded-random.ts';
import { createKilledDevice } from './support/killed-device.ts';
import { expect, test } from './support/test.ts';

// Kills a tab repeatedly while it writes to this device and syncs. `MAIA_KILLS=200` for a full run, `MAIA_SEED` for
// other moments.

const kills = Number(process.env['MAIA_KILLS'] ?? 20);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
/** How many of the latest CoValues each start checks; the last start checks all. */
const recent = 20;

test.use({ trace: 'off', navigationTimeout: 60_000 });

test(`[STORE-10] ${kills} kills of a tab while it writes lose nothing that was saved, and nothing counts as confirmed that its relay lacks (seed ${seed})`, async ({
  context,
  app,
}) => {
  test.setTimeout(120_000 + kills * 20_000);
  const random = createRandom(seed);
  const device = await createKilledDevice(context, app.origin);
  const { groupID, url, reported } = device;
  for (let run = 1; run <= kills; run++) {
    device.setOnline(false);
    const page = await device.open();
    await page.evaluate((to) => writingApp.resume(to), url);
    await device.check(page, recent);
    // Without a line, everything stays pending.
    const isOnline = run % 3 > 0;
    if (isOnline) {
      device.setOnline(true);
      await page.evaluate(() => writingApp.reconnect());
    }
    // Kills after a random number of edits: in the middle of writing, or right after a notification.
    const enough = random(1, 150);
    const rung = isOnline && run % 4 === 1 ? 'confirmed' : 'saved';
    const before = reported[rung];
    const standsStillAt = run % 2 === 0 ? enough : undefined;
    await page.evaluate(([id, ...how]) => writingApp.write(id, ...how), [
      groupID,
      run,
      rung,
      standsStillAt,
    ] as const);
    await expect
      .poll(() => reported[rung] - before, { intervals: [5], timeout: 60_000 })
      .toBeGreaterThanOrEqual(enough);
    await device.kill(page);
  }
  device.setOnline(false);
  const last = await device.open();
  await last.evaluate((to) => writingApp.resume(to), url);
  const claims = await device.check(last);
  await device.untilDelivered(last);
  await device.close();
  console.log(
    `${kills} kills, ${reported.saved} edits that were saved and ${reported.confirmed} that were confirmed in ${claims.length} CoValues, 0 missing`,
  );
});
