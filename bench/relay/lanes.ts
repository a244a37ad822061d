import { compare } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { slowFlush, startUntilEnd } from './servers.ts';
import { createEditStreams } from './corpus.ts';
import type { Measure } from './measurement.ts';
import { countCommits, openUploader, uploadInOrder } from './uploader.ts';

/** How many edits await their acknowledgement at a time, each in its own CoValue, and how many each CoValue gets. */
const loads = [
  { inFlight: 1, edits: 200 },
  { inFlight: 16, edits: 50 },
  { inFlight: 50, edits: 40 },
] as const;
const connections = 16;
const laneCounts = [1, 2, 4, 8] as const;
const nameOf = (lanes: number) => `${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;

function lanesContender(lanes: number, url: string): Contender {
  return {
    name: nameOf(lanes),
    async measure(round) {
      const figures: Record<string, number> = {};
      for (const { inFlight, edits } of loads) {
        const { before, streams } = await createEditStreams(1_000 * (round + 2) + inFlight, inFlight, edits);
        await uploadInOrder(`${url.replace(/^http/, 'ws')}/sync`, before);
        const uploaders = await Promise.all(
          Array.from({ length: Math.min(connections, inFlight) }, () =>
            openUploader(`${url.replace(/^http/, 'ws')}/sync`),
          ),
        );
        const commitsBefore = await countCommits(url);
        const startedMs = performance.now();
        await Promise.all(
          uploaders.map((uploader, index) =>
            uploader.send(streams.filter((_, number) => number % uploaders.length === index)),
          ),
        );
        const seconds = (performance.now() - startedMs) / 1_000;
        figures[`commits, ${inFlight}`] = ((await countCommits(url)) - commitsBefore) / seconds;
        figures[`edits, ${inFlight}`] = (inFlight * edits) / seconds;
        for (const uploader of uploaders) uploader.close();
      }
      return figures;
    },
  };
}

const reading =
  'a second on a PostgreSQL that waits 2 ms before each flush, with so many edits in flight, each in its own CoValue. Higher is better. A commit takes all edits that have arrived.';

/** What several commits at once bring, and cost. */
export const measureLanes: Measure = async ({ context, commands, durable }) => {
  if (!durable.includes('postgres')) return [];
  const contenders: Contender[] = [];
  for (const lanes of laneCounts) {
    const command = { ...slowFlush(await commands.ours('postgres')), env: { COMMIT_LANES: String(lanes) } };
    contenders.push(lanesContender(lanes, (await startUntilEnd(context, command)).url));
  }
  const samples = await measureRounds(contenders);
  return loads.flatMap(({ inFlight }) =>
    (['commits', 'edits'] as const).flatMap((figure) =>
      laneCounts.slice(1).map((lanes) =>
        compare(samples, {
          suite: 'relay',
          name: `${figure} on a slow disk, ${inFlight} in flight, ${nameOf(lanes)}`,
          unit: `${figure}/s`,
          better: 'higher',
          ours: nameOf(lanes),
          peer: nameOf(1),
          figure: `${figure}, ${inFlight}`,
          reading: `${figure} ${reading}`,
        }),
      ),
    ),
  );
};
