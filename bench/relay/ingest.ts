import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { createEditStreams, type EditStreams } from './corpus.ts';
import type { Measure } from './measurement.ts';
import { ourNames, startUntilEnd, stockNames } from './servers.ts';
import { openUploader, uploadInOrder } from './uploader.ts';

/** How many transactions await their acknowledgement at a time, and how many each map gets. */
const loads = [
  { inFlight: 1, edits: 300 },
  { inFlight: 50, edits: 60 },
  { inFlight: 1_000, edits: 6 },
] as const;

/** By transactions in flight. A single one waits for the database, in another process, and there for the disk. */
const goals = new Map([
  [1, 0.5],
  [50, 2],
]);

const ingestFigure = (inFlight: number) => `${inFlight} in flight`;

const maxConnections = 10;

/** Each round's edits are created once, and every server gets the same ones. */
function createIngestContenders(
  servers: readonly { readonly name: string; readonly url: string }[],
): readonly Contender[] {
  const streamsByRound = new Map<string, Promise<EditStreams>>();

  function streamsOf(round: number, { inFlight, edits }: (typeof loads)[number]): Promise<EditStreams> {
    const key = `${round} ${inFlight}`;
    const known = streamsByRound.get(key);
    if (known) return known;
    const seed = 10_000 * (round + 2) + inFlight;
    const made = createEditStreams(seed, inFlight, edits);
    streamsByRound.set(key, made);
    return made;
  }

  return servers.map(({ name, url }) => ({
    name,
    async measure(round) {
      const figures: Record<string, number> = {};
      for (const load of loads) {
        figures[ingestFigure(load.inFlight)] = await perSecond(url, await streamsOf(round, load));
      }
      return figures;
    },
  }));
}

async function perSecond(url: string, { before, streams }: EditStreams): Promise<number> {
  await uploadInOrder(url, before);
  const connections = Math.min(streams.length, maxConnections);
  const uploaders = await Promise.all(Array.from({ length: connections }, () => openUploader(url)));
  const startedMs = performance.now();
  await Promise.all(
    uploaders.map((uploader, index) =>
      uploader.send(streams.filter((_, number) => number % connections === index)),
    ),
  );
  const tookMs = performance.now() - startedMs;
  for (const uploader of uploaders) uploader.close();
  const count = streams.reduce((sum, stream) => sum + stream.length, 0);
  return (count / tookMs) * 1_000;
}

const reading =
  'transactions a second that are stored and acknowledged for one client machine, with so many in flight, each in its own CoValue, over up to ten connections. Higher is better. The edits were signed and encrypted before. Ours acknowledges after its commit; so does stock on SQLite here, whose acknowledgement is held until it has written; stock in memory writes nothing.';

/** How fast edits become durable. */
export const measureIngest: Measure = async ({ context, commands, durable }) => {
  const servers: { readonly name: string; readonly url: string }[] = [];
  for (const kind of durable) {
    const { webSocketUrl } = await startUntilEnd(context, await commands.ours(kind));
    servers.push({ name: ourNames[kind], url: `${webSocketUrl}/sync` });
  }
  const sqlite = await startUntilEnd(context, commands.stock('sqlite'));
  servers.push({ name: stockNames.sqlite, url: `${sqlite.webSocketUrl}/written` });
  const memory = await startUntilEnd(context, commands.stock('memory'));
  servers.push({ name: stockNames.memory, url: `${memory.webSocketUrl}/sync` });
  const samples = await measureRounds(createIngestContenders(servers));

  const comparisons = durable.flatMap((kind) =>
    loads.flatMap(({ inFlight }): Comparison[] => {
      const ratioAtLeast = goals.get(inFlight);
      const common = {
        suite: 'relay',
        name: `durable transactions, ${inFlight} in flight, ${ourNames[kind]}`,
        unit: 'tx/s',
        better: 'higher',
        ours: ourNames[kind],
        figure: ingestFigure(inFlight),
        reading,
      } as const;
      return [
        { ...common, peer: stockNames.sqlite, ...(ratioAtLeast !== undefined && { goal: { ratioAtLeast } }) },
        { ...common, peer: stockNames.memory },
      ];
    }),
  );
  return comparisons.map((comparison) => compare(samples, comparison));
};
