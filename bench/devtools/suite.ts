import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession, Page } from '@playwright/test';
import { startBrowser, type Browser } from '../harness/browser.ts';
import { buildPages } from '../harness/build-pages.ts';
import { compare, type Line } from '../harness/line.ts';
import { servePages } from '../harness/page-server.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer } from '../harness/server-process.ts';
import type { BenchContext, Suite } from '../harness/suite.ts';

/** The panel in a page: absent, closed, or open with a view. */
type Panel = 'none' | 'closed' | (typeof openViews)[number];
const openViews = [
  ...(['unsynced', 'queues', 'peers', 'messages', 'covalue', 'lag', 'storage', 'tabs'] as const),
  'faults',
] as const;
const names = {
  none: 'not mounted',
  closed: 'closed',
  unsynced: 'open at Unsynced',
  queues: 'open at Queues',
  peers: 'open at Peers',
  messages: 'open at Messages',
  covalue: 'open at CoValue',
  lag: 'open at Lag',
  storage: 'open at Storage',
  tabs: 'open at Tabs',
  faults: 'open at Faults',
} as const satisfies Record<Panel, string>;

const editsPerSecond = 100;
/** Per page. */
const turns = 12;
const turnMs = 2_000;
const scrollMs = 6_000;
const unsyncedRows = 10_000;
const recordedMessages = 100_000;
const listedCoValues = 50_000;
const megabyte = 1_000_000;

/** What the panel costs the page that contains it. */
export const devtoolsSuite: Suite = {
  name: 'devtools',
  async *run(context) {
    const place = await setUp(context);
    context.addVersion('Chromium', place.browser.version);
    const parts = {
      'main thread': measureWork,
      'recorded messages': measureMemory,
      scrolled: measureScrolling,
      'a key': measureTyping,
    };
    for (const [name, measure] of Object.entries(parts)) {
      if (context.part !== undefined && !name.includes(context.part)) continue;
      context.say(`Measuring ${name}`);
      yield* await measure(place);
    }
  },
};

interface Place {
  readonly browser: Browser;
  readonly relay: string;
}

async function setUp(context: BenchContext): Promise<Place> {
  const { relayScript, temporaryFolder } = context;
  const pages = join(temporaryFolder, 'pages');
  await mkdir(pages);
  await buildPages({ ...context, suite: 'devtools', pages: ['app'], into: pages });
  const server = await servePages(pages);
  context.finally(server.close);
  const relay = await startServer({
    script: relayScript,
    args: ['--port', '0', '--storage', 'memory:', '--limit', `subscribed=${2 * listedCoValues}`],
  });
  context.finally(relay.stop);
  const browser = await startBrowser(temporaryFolder, server.url);
  context.finally(browser.close);
  return { browser, relay: `${relay.webSocketUrl}/sync` };
}

/**
 * The main thread's work while an app edits, as the browser counts it, including layout and painting. Both
 * pages stay open and take turns, because the machine's other load varies by more than the measured
 * difference.
 */
async function measureWork(place: Place): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const panel of ['closed', ...openViews] as const) {
    const samples = await openPanel(place, 'none', (without) =>
      openPanel(place, panel, (withPanel) =>
        measureRounds([editingContender('none', without), editingContender(panel, withPanel)], {
          rounds: turns,
        }),
      ),
    );
    lines.push(
      compare(samples, {
        suite: 'devtools',
        name: `main thread at 200 messages/s, panel ${names[panel]}`,
        unit: '%',
        better: 'lower',
        ours: names[panel],
        peer: names.none,
        figure: 'busy',
        reading: `how much of ${turnMs / 1_000} seconds the main thread was busy, while an app made ${editsPerSecond} edits a second, each one message to the relay and one back: two pages in turn, ${turns} times. Lower is better.`,
        goal: panel === 'closed' ? { withinNoise: true } : { aboveByAtMost: 3 },
      }),
    );
  }
  return lines;
}

function editingContender(panel: Panel, { tab, devtools }: OpenPanel): Contender {
  return {
    name: names[panel],
    async measure() {
      const before = await metricOf(devtools, 'TaskDuration');
      const tookMs = await tab.evaluate((told) => globalThis.edit(told), {
        ...{ everyMs: 1_000 / editsPerSecond, forMs: turnMs },
      });
      const busySeconds = (await metricOf(devtools, 'TaskDuration')) - before;
      return { busy: (100 * busySeconds) / (tookMs / 1_000) };
    },
  };
}

async function measureMemory(place: Place): Promise<readonly Line[]> {
  const contender = (panel: Panel) =>
    contenderOf(place, panel, async (tab, devtools) => {
      await tab.evaluate((told) => globalThis.exchange(told), { messages: recordedMessages / 2, maps: 500 });
      await devtools.send('HeapProfiler.enable');
      await devtools.send('HeapProfiler.collectGarbage');
      return { heap: (await metricOf(devtools, 'JSHeapUsedSize')) / megabyte };
    });
  // Each has its own page and needs no warm-up.
  const samples = await measureRounds([contender('none'), contender('closed')], { warmUp: false });
  return [
    compare(samples, {
      suite: 'devtools',
      name: 'heap after 100,000 messages, panel closed',
      unit: 'MB',
      better: 'lower',
      ours: names.closed,
      peer: names.none,
      figure: 'heap',
      reading:
        'JavaScript’s memory after a garbage collection, when 50,000 messages went to the relay and as many came back. Lower is better.',
      goal: { aboveByAtMost: 20 },
    }),
  ];
}

/** 10,000 rows of 28 px. */
const scrolls = [
  { by: 'by wheel', pxPerSecond: 5_000, words: 'as fast as a wheel is turned, 180 rows a second' },
  {
    by: 'by dragging',
    pxPerSecond: 140_000,
    words: 'as by dragging the scroll bar, from end to end in two seconds',
  },
] as const;

async function measureScrolling(place: Place): Promise<readonly Line[]> {
  const contender = (panel: Panel) =>
    contenderOf(place, panel, async (tab, devtools) => {
      await tab.evaluate((told) => globalThis.leaveUnsynced(told), { count: unsyncedRows });
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      const figures: Record<string, number> = {};
      for (const { by, pxPerSecond } of scrolls) {
        const scrolled = await tab.evaluate((told) => globalThis.scrollRows(told), {
          forMs: scrollMs,
          pxPerSecond,
        });
        if (panel !== 'none' && scrolled.rows < unsyncedRows) {
          throw new Error(`There were ${scrolled.rows} rows only.`);
        }
        figures[by] = scrolled.longestTaskMs;
      }
      return figures;
    });
  const samples = await measureRounds([contender('none'), contender('unsynced')]);
  return scrolls.map(({ by, words }) =>
    compare(samples, {
      suite: 'devtools',
      name: `longest task, 10,000 unsynced rows scrolled ${by}, at 4×`,
      unit: 'ms',
      better: 'lower',
      ours: names.unsynced,
      peer: names.none,
      figure: by,
      reading: `milliseconds of the longest task in ${scrollMs / 1_000} seconds of scrolling, ${words}, as the browser reports it, including garbage collections of the whole page; 50 means that none was longer. Lower is better.`,
      goal: { oursAtMost: 50 },
    }),
  );
}

/** Both in one page: a key in the panel's filter, and the listing that it would cost without the last reading. */
async function measureTyping(place: Place): Promise<readonly Line[]> {
  const told = { text: 'thing 49' };
  const [key, listing] = ['a key', 'a listing'];
  const samples = await openPanel(place, 'covalue', async ({ tab }) => {
    await tab.evaluate((filled) => globalThis.fillList(filled), { count: listedCoValues });
    return measureRounds([
      {
        name: key,
        measure: async () => ({ took: await tab.evaluate((asked) => globalThis.typeInFilter(asked), told) }),
      },
      {
        name: listing,
        measure: async () => ({
          took: await tab.evaluate((asked) => globalThis.listForEachKey(asked), told),
        }),
      },
    ]);
  });
  return [
    compare(samples, {
      suite: 'devtools',
      name: 'a key typed in the filter of all 50,000 CoValues',
      unit: 'ms',
      better: 'lower',
      ours: key,
      peer: listing,
      figure: 'took',
      reading:
        'milliseconds until the panel shows what a key matches, next to those of a full listing (`listCoValues`) with the same text, the mean of the eight keys of “thing 49”. Lower is better.',
      goal: { ratioAtLeast: 5 },
    }),
  ];
}

interface OpenPanel {
  readonly tab: Page;
  readonly devtools: CDPSession;
}

/** Opens a page of a new account, with the given panel. */
function openPanel<T>(
  { browser, relay }: Place,
  panel: Panel,
  use: (open: OpenPanel) => Promise<T>,
): Promise<T> {
  return browser.withPage('app', { relay, panel }, async (tab) => {
    await tab.evaluate(() => globalThis.ready());
    const devtools = await tab.context().newCDPSession(tab);
    await devtools.send('Performance.enable');
    return use({ tab, devtools });
  });
}

/** Uses a new page each time. */
function contenderOf(
  place: Place,
  panel: Panel,
  measure: (tab: Page, devtools: CDPSession) => Promise<Readonly<Record<string, number>>>,
): Contender {
  return {
    name: names[panel],
    measure: () => openPanel(place, panel, ({ tab, devtools }) => measure(tab, devtools)),
  };
}

async function metricOf(devtools: CDPSession, name: string): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`The browser does not report ${name}.`);
  return metric.value;
}

declare global {
  function ready(): Promise<void>;
  function edit(told: { readonly everyMs: number; readonly forMs: number }): Promise<number>;
  function exchange(told: { readonly messages: number; readonly maps: number }): Promise<void>;
  function leaveUnsynced(told: { readonly count: number }): Promise<void>;
  function fillList(told: { readonly count: number }): Promise<void>;
  function typeInFilter(told: { readonly text: string }): Promise<number>;
  function listForEachKey(told: { readonly text: string }): Promise<number>;
  function scrollRows(told: {
    readonly forMs: number;
    readonly pxPerSecond: number;
  }): Promise<{ longestTaskMs: number; rows: number }>;
}
