import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startBrowser } from '../harness/browser.ts';
import { buildPages } from '../harness/build-pages.ts';
import { compare, type Comparison, type Line } from '../harness/line.ts';
import { servePages } from '../harness/page-server.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer } from '../harness/server-process.ts';
import { quantile } from '../harness/statistics.ts';
import type { BenchContext, Suite } from '../harness/suite.ts';
import { cojsonPair, paceEdits } from '../relay/edit-pairs.ts';
import { ourNames, serverCommands, stockNames } from '../relay/servers.ts';
import type { Pace } from './pages/device.ts';
import { startPlainServer } from './plain-server.ts';

const ours = 'ours';
const stock = `${stockNames.sqlite}, stock pages`;
const relayAlone = `${ourNames.pglite}, between programs`;
const plain = 'a plain WebSocket between pages';
/** Slower than the slowest contender, so that no edit waits for the one before. */
const pace: Pace = { count: 200, paceMs: 50 };
const fileBytes = 50_000_000;

/** What another browser on the same machine sees of an edit, and when a large file is at the relay. */
export const betweenSuite: Suite = {
  name: 'between',
  async *run(context) {
    const place = await setUp(context);
    const isAsked = (name: string) => context.part === undefined || name.includes(context.part);
    if (isAsked('edits')) {
      context.say(`Making ${pace.count} edits`);
      yield* await measureEdits(place);
    }
    if (isAsked('upload')) {
      context.say('Uploading a file of 50 MB');
      yield* await measureUpload(place);
    }
  },
};

interface Place {
  readonly relay: string;
  readonly stockServer: string;
  readonly plainServer: string;
  readonly rounds: number | undefined;
  /** Opens the page in two browsers, each with a new profile. */
  withPages<T>(name: PageName, relay: string, run: (page: Page, other: Page) => Promise<T>): Promise<T>;
}

type PageName = 'ours' | 'stock' | 'socket';

async function setUp(context: BenchContext): Promise<Place> {
  const { temporaryFolder } = context;
  const into = join(temporaryFolder, 'pages');
  await mkdir(into);
  await buildPages({ ...context, suite: 'between', pages: ['ours', 'stock', 'socket'], into });
  const server = await servePages(into);
  context.finally(server.close);
  const commands = serverCommands(context);
  const relay = await startServer(await commands.ours('pglite'));
  context.finally(relay.stop);
  const stockServer = await startServer(commands.stock('sqlite'));
  context.finally(stockServer.stop);
  const plainServer = await startPlainServer();
  context.finally(plainServer.close);

  return {
    relay: `${relay.webSocketUrl}/sync`,
    stockServer: `${stockServer.webSocketUrl}/sync`,
    plainServer: plainServer.url,
    rounds: context.rounds,
    async withPages(name, address, run) {
      const browsers = await Promise.all(
        [1, 2].map(async () => startBrowser(await mkdtemp(join(temporaryFolder, 'browser-')), server.url)),
      );
      const [first, second] = browsers;
      if (!first || !second) throw new Error('There are no two browsers.');
      context.addVersion('Chromium', first.version);
      try {
        return await first.withPage(name, { relay: address }, (page) =>
          second.withPage(name, { relay: address }, (other) => run(page, other)),
        );
      } finally {
        await Promise.all(browsers.map((browser) => browser.close()));
      }
    },
  };
}

async function measureEdits(place: Place): Promise<readonly Line[]> {
  const inBrowsers = (name: string, page: PageName, relay: string): Contender => ({
    name,
    measure: () =>
      place.withPages(page, relay, async (editor, reader) => {
        const id = await editor.evaluate(() => globalThis.shareMap());
        await reader.evaluate((told) => globalThis.followMap(told), id);
        const made = await editor.evaluate((asked) => globalThis.makeEdits(asked), pace);
        const seen = await reader.evaluate((count) => globalThis.seenEdits(count), pace.count);
        return figuresOf(made.map((madeMs, index) => (seen[index] ?? NaN) - madeMs));
      }),
  });
  const samples = await measureRounds(
    [
      inBrowsers(ours, 'ours', place.relay),
      inBrowsers(stock, 'stock', place.stockServer),
      inBrowsers(plain, 'socket', place.plainServer),
      {
        name: relayAlone,
        async measure() {
          const pair = await cojsonPair(place.relay);
          const delays = await paceEdits(pair, 'A word or two, as typed', pace);
          pair.close();
          return figuresOf(delays);
        },
      },
    ],
    { rounds: place.rounds },
  );
  return (['p50', 'p99'] as const).flatMap((figure) =>
    [stock, relayAlone, plain].map((peer) =>
      compare(samples, {
        ...common,
        name: `an edit seen in another browser, ${figure}`,
        figure,
        peer,
        reading: `milliseconds from an edit in one browser until a second browser on the same machine has it, ${figure === 'p50' ? 'the median' : 'the 99th percentile'} of ${pace.count} edits, one every ${pace.paceMs} ms. Lower is better.`,
      }),
    ),
  );
}

function figuresOf(delays: readonly number[]) {
  return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) };
}

async function measureUpload(place: Place): Promise<readonly Line[]> {
  const uploading = (name: string, page: PageName, relay: string): Contender => ({
    name,
    measure: () =>
      place.withPages(page, relay, async (tab) => ({
        totalMs: await tab.evaluate((bytes) => globalThis.uploadFile(bytes), fileBytes),
      })),
  });
  const samples = await measureRounds(
    [
      uploading(ours, 'ours', place.relay),
      uploading(stock, 'stock', place.stockServer),
      uploading(plain, 'socket', place.plainServer),
    ],
    { rounds: place.rounds },
  );
  return [stock, plain].map((peer) =>
    compare(samples, {
      ...common,
      name: 'a file of 50 MB uploaded',
      figure: 'totalMs',
      peer,
      reading:
        'milliseconds from the write of a file until the server has confirmed all of it: encrypted, kept on the device and stored by the server, except by the plain WebSocket, whose server only counts the bytes. Lower is better.',
    }),
  );
}

const common = {
  ...{ suite: 'between', unit: 'ms', better: 'lower', ours },
} as const satisfies Partial<Comparison>;

declare global {
  function shareMap(): Promise<string>;
  function followMap(id: string): Promise<void>;
  function makeEdits(pace: Pace): Promise<readonly number[]>;
  function seenEdits(count: number): Promise<readonly number[]>;
  function uploadFile(bytes: number): Promise<number>;
}
