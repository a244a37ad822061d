import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { startBrowser, type Browser } from '../harness/browser.ts';
import { buildPages } from '../harness/build-pages.ts';
import { thingsIn } from '../harness/library.ts';
import { compare, type Goal, type Line } from '../harness/line.ts';
import { servePages } from '../harness/page-server.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import type { BenchContext, Suite } from '../harness/suite.ts';
import type { Made, Read } from './pages/measure-work.ts';
import { mapCount, type Work } from './pages/work.ts';

const ours = 'ours';
const stock = 'stock cojson on IndexedDB';
/** The same edits, as items of a stream, which has no order to keep. */
const asStream = 'ours, as a stream';

type Figure = Exclude<keyof Made | keyof Read, 'count'>;

const readings: Readonly<Record<Figure, string>> = {
  madeMs: 'milliseconds until the edits are made; the page may work after each hundred. Lower is better.',
  savedMs: 'milliseconds until the edits are made, and in the storage of the device. Lower is better.',
  storedBytes:
    'bytes that the page’s origin has stored more afterwards, as the browser estimates it. Lower is better.',
  openMs:
    'milliseconds from the start of the page until an app has its node and its account. Lower is better.',
  readableMs:
    'milliseconds from the start of the page until all that is asked for is loaded, decrypted and read as JSON. Lower is better.',
  readMs: 'milliseconds from asking an open account for it until it is read as JSON. Lower is better.',
};

interface Stage {
  readonly name: string;
  readonly work: Work;
  /** How many things or items the next page reads. */
  readonly count: number;
  /** Stock takes minutes for the longest list. */
  readonly peers: readonly ('stock' | 'stream')[];
  /** With a goal against the first of the peers. */
  readonly lines: readonly (readonly [name: string, figure: Figure, goal?: Goal | undefined])[];
}

function library(size: number): Stage {
  const name = `${size.toLocaleString('en')} CoValues`;
  const goalOf = (ratioAtLeast: number): Goal | undefined => (size === 5_000 ? { ratioAtLeast } : undefined);
  return {
    ...{ name, work: { kind: 'library', size }, count: thingsIn(size), peers: ['stock'] },
    lines: [
      [`${name} saved`, 'savedMs', goalOf(10)],
      [`${name} opened`, 'readableMs', goalOf(9)],
      [`${name} on disk`, 'storedBytes', goalOf(1 / 0.65)],
    ],
  };
}

const one = { perEdit: 1 };

const stages: readonly Stage[] = [
  library(500),
  library(5_000),
  {
    ...{ name: '500 of 5,000 CoValues', work: { kind: 'library', size: 5_000, read: 500 }, count: 500 },
    peers: ['stock'],
    lines: [['500 of 5,000 CoValues opened', 'readableMs', { ratioAtLeast: 2.5 }]],
  },
  {
    ...{ name: '10,000 edits', work: { kind: 'edits', count: 10_000 }, count: mapCount, peers: ['stock'] },
    lines: [['10,000 edits saved', 'savedMs', { ratioAtLeast: 10 }]],
  },
  {
    ...{
      name: '10,000 items',
      work: { kind: 'list', count: 10_000, ...one },
      count: 10_000,
      peers: ['stock'],
    },
    lines: [['10,000 items made one by one', 'madeMs']],
  },
  {
    ...{
      name: '50,000 items',
      work: { kind: 'list', count: 50_000, ...one },
      count: 50_000,
      peers: ['stream'],
    },
    lines: [['50,000 items made one by one', 'madeMs', { oursAtMost: 5_000 }]],
  },
  {
    ...{ name: '100,000 items', work: { kind: 'list', count: 100_000, perEdit: 100 }, count: 100_000 },
    peers: ['stream', 'stock'],
    lines: [['100,000 items loaded', 'readMs', { aboveByAtMost: 500 }]],
  },
];

/** What content costs on a device, compared with stock cojson; and long lists. */
export const deviceSuite: Suite = {
  name: 'device',
  async *run(context) {
    const open = await setUp(context);
    for (const stage of stages) {
      if (context.part !== undefined && !stage.name.includes(context.part)) continue;
      context.say(`Making and reading ${stage.name}`);
      yield* await measureStage(open, stage, context.rounds);
    }
  },
};

/** Opens a browser with a profile of its own: what others have left there slows down its databases, and is counted with them. */
type OpenBrowser = () => Promise<Browser>;

async function setUp(context: BenchContext): Promise<OpenBrowser> {
  const { temporaryFolder } = context;
  const into = join(temporaryFolder, 'pages');
  await mkdir(into);
  const pages = ['make-ours', 'make-stock', 'open-ours', 'open-stock'];
  await buildPages({ ...context, suite: 'device', pages, into });
  const server = await servePages(into);
  context.finally(server.close);
  return async () => {
    const browser = await startBrowser(await mkdtemp(join(temporaryFolder, 'browser-')), server.url);
    context.addVersion('Chromium', browser.version);
    return browser;
  };
}

async function measureStage(
  open: OpenBrowser,
  { work, count, peers, lines }: Stage,
  rounds: number | undefined,
): Promise<readonly Line[]> {
  const contender = (name: string, side: 'ours' | 'stock', own: Work): Contender => ({
    name,
    async measure() {
      const { count: read, ...figures } = await makeAndRead(open, side, own);
      if (read !== count) throw new Error(`${name} shows ${read} instead of ${count}.`);
      return figures;
    },
  });
  const names = peers.map((peer) => (peer === 'stock' ? stock : asStream));
  const others = peers.map((peer) =>
    peer === 'stock'
      ? contender(stock, 'stock', work)
      : contender(asStream, 'ours', { ...work, kind: 'stream' } as Work),
  );
  const samples = await measureRounds([contender(ours, 'ours', work), ...others], { rounds });
  return lines.flatMap(([name, figure, goal]) =>
    names.map((peer, index) =>
      compare(samples, {
        ...{
          suite: 'device',
          name,
          unit: figure === 'storedBytes' ? 'bytes' : 'ms',
          better: 'lower',
          ours,
          peer,
        },
        ...{ figure, reading: readings[figure] },
        ...(goal && index === 0 && { goal }),
      }),
    ),
  );
}

async function makeAndRead(open: OpenBrowser, side: 'ours' | 'stock', work: Work): Promise<Made & Read> {
  const browser = await open();
  try {
    const made = await browser.withPage(`make-${side}`, {}, (tab) =>
      tab.evaluate((asked) => globalThis.makeWork(asked), work),
    );
    const read = await browser.withPage(`open-${side}`, {}, (tab) =>
      tab.evaluate(() => globalThis.readWork()),
    );
    return { ...made, ...read };
  } finally {
    await browser.close();
  }
}

declare global {
  function makeWork(work: Work): Promise<Made>;
  function readWork(): Promise<Read>;
}
