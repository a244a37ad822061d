import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer, type ServerCommand } from '../harness/server-process.ts';
import {
  openMany,
  prepareCojsonIdle,
  prepareHocuspocusIdle,
  prepareYWebsocketIdle,
  type OpenIdle,
} from './idle-connections.ts';
import type { Measure } from './measurement.ts';
import { ourNames, stockNames, yjsNames } from './servers.ts';

/**
 * Connections that are open at the first measurement, so that the server's fixed costs do not count as costs of a
 * connection. V8 uses its 32 MB for young objects one page after the other: after 500 connections it had not used all of
 * them, and the rest appeared as 10 kB for each of the next 1,500 connections.
 */
const connectionsBefore = 2_000;
const connections = 3_000;

/** Starts the server anew for every round, because a process rarely returns memory to the system. */
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

const goals = { held: 16 * 1_024, rss: 25_000 };

const readings = {
  held: 'bytes that one more idle connection costs a server, measured over 3,000, beyond the first 2,000, that each follow a document: JavaScript’s heap and buffers after a collection. Lower is better.',
  rss: 'the same for the whole process as the system counts it, including what the engine keeps in reserve. Lower is better.',
};

/** The cost of a client that only stays connected. */
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
        goal: { oursAtMost: goals[figure] },
      })),
    ),
  );
  return comparisons.map((comparison) => compare(samples, comparison));
};
