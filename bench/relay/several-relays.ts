import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { alias, cojsonWasm, external, nodeEntries, root } from '../../scripts/build/packages.mjs';
import { canConnect } from '../harness/can-connect.ts';
import { compare, type Comparison } from '../harness/line.ts';
import { replacing } from '../harness/replacing.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import type { ServerCommand } from '../harness/server-process.ts';
import { quantile } from '../harness/statistics.ts';
import { createRandom } from '../../test/long/seeded-random.ts';
import { createEditStreams, type Upload } from './corpus.ts';
import { cojsonPair, paceEdits } from './edit-pairs.ts';
import type { Measure } from './measurement.ts';
import { slowFlush, startUntilEnd } from './servers.ts';
import { countCommits, openUploader, uploadInOrder } from './uploader.ts';

const relayCount = 3;
const inFlight = 48;
const editsPerStream = 40;
const paced = { count: 300, paceMs: 10 };
const pushCount = 300;
const names = { silent: 'without notices', postgres: 'with NOTIFY', nats: 'with NATS' };
const natsUrl = process.env['MAIA_TEST_NATS'] ?? 'nats://127.0.0.1:4222';

/** Relays of one database. Their notices reach each other unless `isSilent`. */
async function relaysContender(
  name: string,
  urls: readonly [string, string, ...string[]],
  isSilent: boolean,
): Promise<Contender> {
  const pair = isSilent ? undefined : await cojsonPair(`${urls[0]}/sync`, `${urls[1]}/sync`);
  return {
    name,
    async measure(round) {
      const { before, streams } = await createEditStreams(1_000 * (round + 2), inFlight, editsPerStream);
      await uploadInOrder(`${urls[0]}/sync`, before);
      const uploaders = await Promise.all(urls.map((url) => openUploader(`${url}/sync`)));
      const commitsBefore = await commitsOf(urls);
      const startedMs = performance.now();
      await Promise.all(
        uploaders.map((uploader, index) =>
          uploader.send(streams.filter((_, number) => number % urls.length === index)),
        ),
      );
      const seconds = (performance.now() - startedMs) / 1_000;
      const figures = {
        commits: ((await commitsOf(urls)) - commitsBefore) / seconds,
        edits: (inFlight * editsPerStream) / seconds,
      };
      for (const uploader of uploaders) uploader.close();
      if (!pair) return figures;

      const times = await paceEdits(pair, `${round}`, paced);
      const pushed = await createEditStreams(1_000 * (round + 2) + 1, 1, pushCount);
      await uploadInOrder(`${urls[0]}/sync`, pushed.before);
      const pushTimes = await pushTwice(urls, pushed.streams.flat(), createRandom(round));
      return {
        ...figures,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        push: quantile(pushTimes, 0.5),
      };
    },
  };
}

/** Pushes each edit over HTTP to two relays at once, or twice to the same. Returns how long each push took, in ms. */
async function pushTwice(
  urls: readonly string[],
  edits: readonly Upload[],
  random: ReturnType<typeof createRandom>,
): Promise<readonly number[]> {
  const push = async ({ text }: Upload) => {
    const url = `${urls[random(0, urls.length - 1)]}`.replace(/^ws/, 'http');
    const startedMs = performance.now();
    const response = await fetch(`${url}/sync`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"clientId":"bench","changes":[${text}]}`,
    });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
    return performance.now() - startedMs;
  };
  const times: number[] = [];
  for (const edit of edits) times.push(...(await Promise.all([push(edit), push(edit)])));
  return times;
}

async function commitsOf(urls: readonly string[]): Promise<number> {
  let sum = 0;
  for (const url of urls) sum += await countCommits(url.replace(/^ws/, 'http'));
  return sum;
}

const readings = {
  rate: `a second by three relays on one PostgreSQL that waits 2 ms before each flush, with ${inFlight} edits in flight, compared with relays that send no notices to each other. Higher is better.`,
  push: 'milliseconds until a push over HTTP is answered, after its commit. Each edit is pushed twice at once, to any of three relays on one PostgreSQL that waits 2 ms before each flush. Lower is better.',
  seen: 'milliseconds from an edit of a client of one relay to its arrival at a client of another, at 100 edits a second. Lower is better.',
};

/** What relays on one database cost each other, and how fast an edit passes from one to another. */
export const measureSeveralRelays: Measure = async ({ context, commands, durable }) => {
  if (!durable.includes('postgres')) return [];
  const silentScript = await buildSilentRelay(context.benchFolder, join(context.packageFolder, '../silent'));
  const contenders: Contender[] = [];
  const start = async (name: string, change: (command: ServerCommand) => ServerCommand) => {
    const command = change(slowFlush(await commands.ours('postgres')));
    const urls: string[] = [];
    while (urls.length < relayCount) urls.push((await startUntilEnd(context, command)).webSocketUrl);
    const [first = '', second = '', ...others] = urls;
    contenders.push(await relaysContender(name, [first, second, ...others], name === names.silent));
  };
  await start(names.silent, (command) => ({ ...command, script: silentScript }));
  await start(names.postgres, (command) => command);
  const hasNats = await canConnect(new URL(natsUrl));
  if (hasNats) await start(names.nats, (command) => ({ ...command, env: { SYNC_MAIA_BUS: natsUrl } }));
  else
    context.say('No NATS server answers, so its lines are left out. MAIA_TEST_NATS names another address.');

  const samples = await measureRounds(contenders);
  const buses = hasNats ? [names.postgres, names.nats] : [names.postgres];
  const comparisons = buses.flatMap((ours): Comparison[] => [
    ...(['commits', 'edits'] as const).map((figure): Comparison => ({
      suite: 'relay',
      name: `${figure} of three relays, ${ours}`,
      unit: `${figure}/s`,
      better: 'higher',
      ours,
      peer: names.silent,
      figure,
      reading: `${figure} ${readings.rate}`,
      goal: { ratioAtLeast: 0.7 },
    })),
    ...(
      [
        ['p50', 10],
        ['p99', 50],
      ] as const
    ).map(([figure, oursAtMost]): Comparison => ({
      suite: 'relay',
      name: `edit to a client of another relay, ${figure}, ${ours}`,
      unit: 'ms',
      better: 'lower',
      ours,
      peer: names.postgres,
      figure,
      reading: readings.seen,
      goal: { oursAtMost },
    })),
    {
      suite: 'relay',
      name: `push over HTTP, each twice, over three relays, p50, ${ours}`,
      unit: 'ms',
      better: 'lower',
      ours,
      peer: names.postgres,
      figure: 'push',
      reading: readings.push,
      goal: { oursAtMost: 15 },
    },
  ]);
  return comparisons.map((comparison) => compare(samples, comparison));
};

async function buildSilentRelay(benchFolder: string, into: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const transport = 'postgres-transport.ts';
  const silent = replacing(
    new Map([[join(root, 'src/relay/bus', transport), join(benchFolder, 'relay/without', transport)]]),
  );
  const bundle = await rolldown({
    input: { relay: nodeEntries['maia-relay'] },
    external,
    platform: 'node',
    resolve: { alias, mainFields: ['module', 'main'] },
    plugins: [silent.plugin],
  });
  await bundle.write({ dir: into, format: 'es', entryFileNames: '[name].mjs' });
  await bundle.close();
  silent.check();
  await copyFile(cojsonWasm, join(into, basename(cojsonWasm)));
  return join(into, 'relay.mjs');
}
