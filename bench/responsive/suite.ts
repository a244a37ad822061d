import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBrowser, type Browser } from '../harness/browser.ts';
import { buildPages } from '../harness/build-pages.ts';
import { compare, type Comparison, type Line } from '../harness/line.ts';
import { servePages } from '../harness/page-server.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import type { BenchContext, Suite } from '../harness/suite.ts';
import { startDeliveringServer, type Sender } from './delivering-server.ts';
import { createLongHistory, createThings, type Delivery } from './deliveries.ts';
import type { Arrived, Expected } from './pages/watch-arrival.ts';

const ours = 'ours';
const stock = 'stock cojson on IndexedDB';
const browserAlone = 'the browser alone';

const arrivals = {
  groupFirst: '10,000 CoValues, their group first',
  groupLast: '10,000 CoValues, their group last',
  longHistory: 'one CoValue of 10,000 transactions',
} as const;
type ArrivalName = keyof typeof arrivals;

const senders = {
  ours: 'in our relay’s frames',
  stock: 'in a stock server’s frames',
} as const satisfies Record<Sender, string>;

/** What arriving content of an account does to a page, compared with stock cojson. */
export const responsiveSuite: Suite = {
  name: 'responsive',
  async *run(context) {
    const place = await setUp(context);
    context.addVersion('Chromium', place.browser.version);
    for (const name of Object.keys(arrivals) as ArrivalName[]) {
      for (const sender of Object.keys(senders) as Sender[]) {
        for (const slowdown of [1, 4]) {
          const what = `${arrivals[name]}, ${senders[sender]}, at ${slowdown}×`;
          if (context.part !== undefined && !what.includes(context.part)) continue;
          context.say(`Receiving ${what}`);
          yield* await measureArrival(place, { name, sender, slowdown, what });
        }
      }
    }
  },
};

interface Place {
  readonly browser: Browser;
  readonly relay: string;
  readonly deliveries: Readonly<Record<ArrivalName, Delivery>>;
  readonly rounds: number | undefined;
}

async function setUp(context: BenchContext): Promise<Place> {
  const { temporaryFolder } = context;
  const pages = join(temporaryFolder, 'pages');
  await mkdir(pages);
  await buildPages({ ...context, suite: 'responsive', pages: ['ours', 'stock', 'socket'], into: pages });
  const server = await servePages(pages);
  context.finally(server.close);
  const deliveries = { ...(await createThings()), longHistory: await createLongHistory() };
  const relay = await startDeliveringServer(deliveries);
  context.finally(relay.close);
  const browser = await startBrowser(temporaryFolder, server.url);
  context.finally(browser.close);
  return { browser, relay: relay.url, deliveries, rounds: context.rounds };
}

async function measureArrival(
  { browser, relay, deliveries, rounds }: Place,
  { name, sender, slowdown, what }: { name: ArrivalName; sender: Sender; slowdown: number; what: string },
): Promise<readonly Line[]> {
  const contender = (contenderName: string, page: 'ours' | 'stock' | 'socket'): Contender => ({
    name: contenderName,
    async measure() {
      return browser.withPage(page, { relay: `${relay}/${name}/${sender}/sync` }, async (tab) => {
        await tab.evaluate((expected) => globalThis.expectThings(expected), deliveries[name].expected);
        const devtools = await tab.context().newCDPSession(tab);
        await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
        return { ...(await tab.evaluate(() => globalThis.arrive())) };
      });
    },
  });
  const samples = await measureRounds(
    [contender(ours, 'ours'), contender(stock, 'stock'), contender(browserAlone, 'socket')],
    { rounds },
  );
  const ofArrival = { suite: 'responsive', unit: 'ms', better: 'lower', ours } as const;
  const longestTask = {
    ...ofArrival,
    name: `longest task, ${what}`,
    figure: 'longestTaskMs',
    reading:
      'the longest time in milliseconds for which the page could not respond, from the request until a second after everything was readable, as the browser reports it; 50 means that none was longer. Lower is better.',
  } as const;
  return [
    compare(samples, { ...longestTask, peer: stock, ...goalOf(name, sender, slowdown) }),
    compare(samples, { ...longestTask, peer: browserAlone }),
    compare(samples, {
      ...ofArrival,
      name: `all readable, ${what}`,
      figure: 'totalMs',
      reading:
        'milliseconds from asking until all of it is there, verified and ready to be read. Lower is better.',
      peer: stock,
    }),
  ];
}

/** No ratio is required where stock cojson has no long task either. */
function goalOf(name: ArrivalName, sender: Sender, slowdown: number): Pick<Comparison, 'goal'> {
  if (slowdown === 1) return { goal: { oursAtMost: 50 } };
  return sender === 'ours' || name === 'longHistory' ? {} : { goal: { ratioAtLeast: 10 } };
}

declare global {
  function expectThings(expected: readonly Expected[]): Promise<void>;
  function arrive(): Promise<Arrived>;
}
