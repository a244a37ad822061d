import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compare, type Line } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer } from '../harness/server-process.ts';
import type { BenchContext, Suite } from '../harness/suite.ts';
import { startBrowser, type Browser } from '../harness/browser.ts';
import { buildPages } from '../harness/build-pages.ts';
import { servePages } from '../harness/page-server.ts';

const librarySize = 1_000;
const seed = 4_204;
const usualRounds = 11;
const ours = 'ours';
const stock = 'stock cojson on IndexedDB';

interface Read {
  readonly openMs: number;
  readonly readableMs: number;
  readonly things: number;
  readonly characters: number;
}

/** Reloading an account that this device has, compared with stock cojson. */
export const resumeSuite: Suite = {
  name: 'resume',
  async *run(context) {
    const { browser, relay } = await setUp(context);
    context.addVersion('Chromium', browser.version);
    for (const [where, parameters] of [
      ['with no relay', {}],
      ['with our relay', { relay }],
    ] as const) {
      if (context.part !== undefined && !where.includes(context.part)) continue;
      context.say(`Resuming ${where}`);
      yield* await measureResume(browser, where, parameters, context.rounds ?? usualRounds);
    }
  },
};

async function setUp(context: BenchContext) {
  const { relayScript, temporaryFolder } = context;
  const pages = join(temporaryFolder, 'pages');
  await mkdir(pages);
  await buildPages({ ...context, suite: 'resume', pages: ['set-up', 'ours', 'stock'], into: pages });
  const server = await servePages(pages);
  context.finally(server.close);
  const relayServer = await startServer({
    script: relayScript,
    args: ['--port', '0', '--storage', `pglite:${join(temporaryFolder, 'pglite')}`],
  });
  context.finally(relayServer.stop);
  const relay = `${relayServer.webSocketUrl}/sync`;
  const browser = await startBrowser(temporaryFolder, server.url);
  context.finally(browser.close);
  await browser.withPage('set-up', {}, (page) =>
    page.evaluate((told) => globalThis.setUp(told), { relay, seed, size: librarySize }),
  );
  context.say(`An account of ${librarySize} CoValues is on the device, and at the relay`);
  return { browser, relay };
}

async function measureResume(
  browser: Browser,
  where: string,
  parameters: Readonly<Record<string, string>>,
  rounds: number,
): Promise<readonly Line[]> {
  const reads = new Set<string>();
  const contender = (name: string, page: 'ours' | 'stock'): Contender => ({
    name,
    async measure() {
      const read = await browser.withPage(page, parameters, (tab) =>
        tab.evaluate(() => globalThis.resumed()),
      );
      reads.add(`${read.things} things, ${read.characters} characters`);
      return { openMs: read.openMs, readableMs: read.readableMs };
    },
  });
  const samples = await measureRounds([contender(ours, 'ours'), contender(stock, 'stock')], { rounds });
  if (reads.size !== 1) throw new Error(`The two read different things: ${[...reads].join('; ')}.`);
  const common = { suite: 'resume', unit: 'ms', better: 'lower', ours, peer: stock } as const;
  return [
    compare(samples, {
      ...common,
      name: `all 1,000 CoValues readable, ${where}`,
      figure: 'readableMs',
      reading:
        'milliseconds from the start of the page until every CoValue of the account is loaded, decrypted and read as JSON. Lower is better.',
    }),
    compare(samples, {
      ...common,
      name: `account open, ${where}`,
      figure: 'openMs',
      reading:
        'milliseconds from the start of the page until an app has its node and its account. Lower is better. Ours unwraps the seed, checks that it belongs to this account, and chooses a session ID that no other tab has; stock cojson reads the secret from `localStorage`, where it is in plain text, and does not tell sessions apart.',
    }),
  ];
}

declare global {
  function setUp(told: { relay: string; seed: number; size: number }): Promise<void>;
  function resumed(): Promise<Read>;
}
