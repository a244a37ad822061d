import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer, type ServerCommand } from '../harness/server-process.ts';
import {
  prepareCojsonIdle,
  prepareHocuspocusIdle,
  prepareYWebsocketIdle,
  type OpenIdle,
} from './idle-connections.ts';
import type { Measure } from './measurement.ts';
import { ourNames, stockNames, yjsNames } from './servers.ts';

/** Those that are open at the first figure, so that what a server sets up for any is not counted for each. */
const connectionsBefore = 500;
const connections = 1_500;
const atATime = 50;

/** A server is started anew for every round: what it once took from the system it rarely gives back. */
function idleContender(
  name: string,
  command: ServerCommand,
  prepare: (url: string) => Promise<OpenIdle>,
): Contender {
  return {
    name,
    async measure() {
      const server = await startServer(command);
      const open = await prepare(server.webSocketUrl);
      const first = await openMany(open, server.webSocketUrl, connectionsBefore);
      const before = await server.settledMemory();
      const others = await openMany(open, server.webSocketUrl, connections);
      const after = await server.settledMemory();
      for (const close of [...first, ...others]) close();
      await server.stop();
      return {
        held: (after.held - before.held) / connections,
        rss: (after.rss - before.rss) / connections,
      };
    },
  };
}

async function openMany(open: OpenIdle, url: string, count: number): Promise<readonly (() => void)[]> {
  const closes: (() => void)[] = [];
  while (closes.length < count) {
    const batch = Array.from({ length: Math.min(atATime, count - closes.length) }, () => open(url));
    closes.push(...(await Promise.all(batch)));
  }
  return closes;
}

const kibibyte = 1_024;

const readings = {
  held: 'bytes of a server for one more idle connection, over 1,500 of them, each of which follows a document: what JavaScript holds, in its heap and in buffers, after a collection. Lower is better.',
  rss: 'the same as the growth of the whole process, as the system counts it: with what the engine keeps in reserve. Lower is better.',
};

/** What a client costs that only stays connected. */
export const measureIdle: Measure = async ({ context, commands, durable }) => {
  const hocuspocus = () => prepareHocuspocusIdle(context.peersFolder);
  const contenders: Contender[] = [];
  for (const kind of durable) {
    contenders.push(idleContender(ourNames[kind], await commands.ours(kind), prepareCojsonIdle));
  }
  for (const kind of ['memory', 'sqlite'] as const) {
    contenders.push(idleContender(stockNames[kind], commands.stock(kind), prepareCojsonIdle));
  }
  contenders.push(idleContender(yjsNames.yWebsocket, commands.yjs('yWebsocket'), prepareYWebsocketIdle));
  contenders.push(idleContender(yjsNames.hocuspocus, commands.yjs('hocuspocus'), hocuspocus));
  const samples = await measureRounds(contenders, { warmUp: false });

  const peers = [...Object.values(stockNames), ...Object.values(yjsNames)];
  const comparisons = durable.flatMap((kind) =>
    (['held', 'rss'] as const).flatMap((figure) =>
      peers.map((peer): Comparison => ({
        suite: 'relay',
        name: `idle connection, ${figure === 'held' ? 'held by JavaScript' : 'whole process'}, ${ourNames[kind]}`,
        unit: 'bytes',
        better: 'lower',
        ours: ourNames[kind],
        peer,
        figure,
        reading: readings[figure],
        goal: { oursAtMost: 16 * kibibyte },
      })),
    ),
  );
  return comparisons.map((comparison) => compare(samples, comparison));
};
