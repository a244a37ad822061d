import type { Browser } from '@playwright/test';
import { checkHistory, describeFinding } from '../test/history/check-history.ts';
import type { HistoryEvent } from '../test/history/history.ts';
import { createRandom } from '../test/long/seeded-random.ts';
import { backOnline } from './support/network.ts';
import { createRecordedDevice, type RecordedDevice } from './support/recorded-device.ts';
import type { RelayProcess } from './support/relay-process.ts';
import { expect, test } from './support/test.ts';

// Three devices with two tabs each edit the same maps while pages and the relay are killed and lines are cut.
// `MAIA_HISTORY_RUNS=50` for a full run, `MAIA_SEED` for the first seed.

const runs = Number(process.env['MAIA_HISTORY_RUNS'] ?? 3);
const firstSeed = Number(process.env['MAIA_SEED'] ?? 1);
const steps = 40;
const tabsPerDevice = 2;
const keys = ['a', 'b', 'c'];

test.use({ trace: 'off' });

for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  test(`no edit is lost, reads never go back, and causes come before effects (seed ${seed})`, async ({
    browser,
    app,
    relay,
  }) => {
    // A busy machine takes several times as long.
    test.setTimeout(300_000);
    const run = await startRun(seed, browser, `${app.origin}/history.html`, relay);
    try {
      for (let step = 0; step < steps; step++) await run.step();
      await run.settle();
    } finally {
      await run.close();
    }
  });
}

async function startRun(seed: number, browser: Browser, appURL: string, relay: RelayProcess) {
  const random = createRandom(seed);
  const pick = <T>(from: readonly T[]): T | undefined => from[random(0, from.length - 1)];
  const events: HistoryEvent[] = [];
  const mapIDs: string[] = [];
  const devices: RecordedDevice[] = [];
  let isRelayUp = true;
  let editCount = 0;

  const tabs = () => devices.flatMap((device) => device.tabs);
  const states = () => Promise.all(tabs().map(({ page }) => page.evaluate(() => historyApp.state())));
  const untilConfirmed = () =>
    expect
      .poll(async () => (await states()).filter(({ unsaved, unconfirmed }) => unsaved + unconfirmed > 0))
      .toEqual([]);

  async function openAll(): Promise<void> {
    for (const device of devices) while (device.tabs.length < tabsPerDevice) await device.open();
  }

  // The second device belongs to the same person as the first.
  let phrase: string | undefined;
  for (const number of [1, 2, 3]) {
    const relayPort = relay.port;
    const device = await createRecordedDevice({
      name: `${number}`,
      browser,
      appURL,
      relayPort,
      events,
      mapIDs,
    });
    devices.push(device);
    phrase = await device.begin(number === 2 ? phrase : undefined);
    await untilConfirmed();
  }
  await openAll();

  const note = (text: string) => void events.push({ type: 'note', text });
  const nextEdit = () => [random(0, mapIDs.length - 1), pick(keys) ?? 'a', `edit ${++editCount}`] as const;

  async function edit(): Promise<void> {
    const some = Array.from({ length: random(1, 4) }, () => pick(tabs()));
    await Promise.all(some.flatMap((tab) => tab?.edit(...nextEdit()) ?? []));
  }

  async function step(): Promise<void> {
    const roll = random(1, 100);
    const device = pick(devices);
    const tab = pick(device?.tabs ?? []);
    if (roll <= 60) return edit();
    if (roll <= 70) {
      // The page dies at some point of the edit.
      const edited = tab?.edit(...nextEdit());
      await tab?.kill();
      return edited;
    }
    if (roll <= 82) {
      const missing = devices.find(({ tabs: { length } }) => length < tabsPerDevice);
      return missing?.open();
    }
    if (roll <= 92) {
      if (device?.isOnline) device.cut();
      else device?.mend();
      return note(`device ${device?.name} is ${device?.isOnline ? 'online' : 'cut off'}`);
    }
    note(`the relay ${isRelayUp ? 'is killed' : 'starts'}`);
    await (isRelayUp ? relay.kill() : relay.start());
    isRelayUp = !isRelayUp;
  }

  /** Ends all faults, and compares the history with what all pages show once they agree. */
  async function settle(): Promise<void> {
    await relay.start();
    for (const device of devices) device.mend();
    await openAll();
    for (const { page } of tabs()) await backOnline(page);
    await untilConfirmed();
    let history: readonly HistoryEvent[] = [];
    async function findings() {
      const reads = await Promise.all(tabs().map((tab) => tab.show()));
      history = [...events, { type: 'settled' }, ...reads.flat()];
      return checkHistory(history).map((finding) => describeFinding(history, finding));
    }
    await expect.poll(findings, { message: `seed ${seed}` }).toEqual([]);
    console.log(`seed ${seed}: ${editCount} edits, ${history.length} events`);
  }

  async function close(): Promise<void> {
    for (const device of devices) await device.close();
  }

  return { step, settle, close };
}
