import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../test/long/seeded-random.ts';
import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import { cojsonPair, yjsPair, type Pair } from './edit-pairs.ts';
import type { Measure } from './measurement.ts';
import { ourNames, startUntilEnd, stockNames, yjsNames } from './servers.ts';

const editsPerRound = 250;
/** Simulates a user who types without waiting: the next edit follows after a few milliseconds. */
const pauseMs = [1, 4] as const;

function latencyContender(name: string, pair: Pair): Contender {
  return {
    name,
    async measure(round) {
      const random = createRandom(round + 100);
      const seen: number[] = [];
      const acknowledged: number[] = [];
      for (let count = 0; count < editsPerRound; count++) {
        const value = `${round} ${count} ${'x'.repeat(random(0, 200))}`;
        const startedMs = performance.now();
        const edit = pair.edit(`key${random(0, 9)}`, value);
        seen.push((await edit.seen) - startedMs);
        if (edit.acknowledged) acknowledged.push((await edit.acknowledged) - startedMs);
        await pause(random(...pauseMs));
      }
      return {
        'seen p50': quantile(seen, 0.5),
        'seen p99': quantile(seen, 0.99),
        ...(acknowledged.length > 0 && {
          'acknowledged p50': quantile(acknowledged, 0.5),
          'acknowledged p99': quantile(acknowledged, 0.99),
        }),
      };
    },
  };
}

const writtenName = `${stockNames.sqlite}, written`;

const seenReading =
  'milliseconds from an edit of one client to its arrival in another one, of the same process; one edit at a time, some milliseconds apart. Lower is better. cojson clients sign and encrypt each edit, and check and decrypt it; Yjs clients do not.';
const acknowledgedReading =
  'milliseconds from an edit to what tells its client that the server has it. Lower is better. Ours says so after its commit. Stock cojson says so before it has written anything, which is compared as it is; in the lines with "written" its answer is held back until SQLite has committed.';

/** The time from an edit to its arrival at the other client, and to its own acknowledgement. */
export const measureEdits: Measure = async ({ context, commands, durable }) => {
  const { peersFolder } = context;
  const start = async (command: Parameters<typeof startUntilEnd>[1]) =>
    (await startUntilEnd(context, command)).webSocketUrl;
  const pairs = new Map<string, Pair>();
  for (const kind of durable) {
    pairs.set(ourNames[kind], await cojsonPair(`${await start(await commands.ours(kind))}/sync`));
  }
  pairs.set(stockNames.memory, await cojsonPair(`${await start(commands.stock('memory'))}/sync`));
  const sqlite = await start(commands.stock('sqlite'));
  pairs.set(stockNames.sqlite, await cojsonPair(`${sqlite}/sync`));
  pairs.set(writtenName, await cojsonPair(`${sqlite}/written`, `${sqlite}/sync`));
  const yWebsocket = await start(commands.yjs('yWebsocket'));
  pairs.set(yjsNames.yWebsocket, await yjsPair(peersFolder, 'connectYWebsocket', yWebsocket));
  const hocuspocus = await start(commands.yjs('hocuspocus'));
  pairs.set(yjsNames.hocuspocus, await yjsPair(peersFolder, 'connectHocuspocus', hocuspocus));

  const samples = await measureRounds([...pairs].map(([name, pair]) => latencyContender(name, pair)));
  for (const pair of pairs.values()) pair.close();

  const comparisons = durable.flatMap((kind) =>
    ['p50', 'p99'].flatMap((share): Comparison[] => {
      const common = { suite: 'relay', unit: 'ms', better: 'lower', ours: ourNames[kind] } as const;
      const seen = {
        ...common,
        name: `edit to other client, ${share}, ${ourNames[kind]}`,
        figure: `seen ${share}`,
        reading: seenReading,
      };
      const acknowledged = {
        ...common,
        name: `edit to acknowledgement, ${share}, ${ourNames[kind]}`,
        figure: `acknowledged ${share}`,
        reading: acknowledgedReading,
      };
      return [
        { ...seen, peer: stockNames.memory, goal: { ratioAtLeast: 1 } },
        ...[stockNames.sqlite, yjsNames.yWebsocket, yjsNames.hocuspocus].map((peer) => ({ ...seen, peer })),
        ...[writtenName, stockNames.sqlite, stockNames.memory].map((peer) => ({ ...acknowledged, peer })),
      ];
    }),
  );
  return comparisons.map((comparison) => compare(samples, comparison));
};
