import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import { createEditStreams } from './corpus.ts';
import { cojsonPair, paceEdits } from './edit-pairs.ts';
import { openMany, prepareCojsonIdle } from './idle-connections.ts';
import type { Measure } from './measurement.ts';
import { ourNames, startUntilEnd } from './servers.ts';
import { openUploader, uploadInOrder } from './uploader.ts';

const crowds = [0, 9_000] as const;
const inFlight = 50;
const editsPerStream = 60;
const connections = 10;
const paced = { count: 600, paceMs: 5 };

async function crowdContender(name: string, url: string, crowd: number): Promise<Contender> {
  await openMany(await prepareCojsonIdle(url), url, crowd);
  const pair = await cojsonPair(`${url}/sync`);
  return {
    name,
    async measure(round) {
      const { before, streams } = await createEditStreams(
        1_000 * (round + 2) + crowd,
        inFlight,
        editsPerStream,
      );
      await uploadInOrder(`${url}/sync`, before);
      const uploaders = await Promise.all(
        Array.from({ length: connections }, () => openUploader(`${url}/sync`)),
      );
      const startedMs = performance.now();
      await Promise.all(
        uploaders.map((uploader, index) =>
          uploader.send(streams.filter((_, number) => number % connections === index)),
        ),
      );
      const seconds = (performance.now() - startedMs) / 1_000;
      for (const uploader of uploaders) uploader.close();

      const times = await paceEdits(pair, `${round}`, paced);
      return {
        edits: (inFlight * editsPerStream) / seconds,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
      };
    },
  };
}

const readings = {
  edits: `edits a second that are stored and acknowledged, ${inFlight} in flight, while 9,000 other clients are connected and follow another CoValue, compared with none. Higher is better.`,
  seen: 'milliseconds from an edit of one client to its arrival at another, at 200 edits a second, while 9,000 other clients are connected, compared with none. Lower is better.',
};

/** What clients that only stay connected cost those that work. */
export const measureCrowd: Measure = async ({ context, commands, durable }) => {
  const kind = durable.includes('postgres') ? 'postgres' : 'pglite';
  const contenders: Contender[] = [];
  for (const crowd of crowds) {
    const { webSocketUrl } = await startUntilEnd(context, await commands.ours(kind));
    contenders.push(await crowdContender(nameOf(crowd), webSocketUrl, crowd));
  }
  const samples = await measureRounds(contenders);
  const common = { suite: 'relay', ours: nameOf(9_000), peer: nameOf(0) } as const;
  const comparisons: Comparison[] = [
    {
      ...common,
      name: `edits with 9,000 idle clients, ${ourNames[kind]}`,
      unit: 'edits/s',
      better: 'higher',
      figure: 'edits',
      reading: readings.edits,
      goal: { ratioAtLeast: 0.8 },
    },
    ...(['p50', 'p99'] as const).map((figure): Comparison => ({
      ...common,
      name: `edit to other client with 9,000 idle clients, ${figure}, ${ourNames[kind]}`,
      unit: 'ms',
      better: 'lower',
      figure,
      reading: readings.seen,
      ...(figure === 'p99' && { goal: { oursAtMost: 50 } }),
    })),
  ];
  return comparisons.map((comparison) => compare(samples, comparison));
};

function nameOf(crowd: number): string {
  return crowd === 0 ? 'without idle clients' : `with ${crowd.toLocaleString('en')} idle clients`;
}
