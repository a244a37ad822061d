import { compare } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer, type ServerCommand } from '../harness/server-process.ts';
import { connect, createNode } from './client.ts';
import { createLibrary, type Library } from './corpus.ts';
import type { Measure } from './measurement.ts';
import { ourNames, stockNames } from './servers.ts';
import { uploadInOrder } from './uploader.ts';

const librarySize = 10_000;
const seed = 4_203;

/** Uploads the library to a server, and restarts the server for every round. */
async function coldLoadContender(
  name: string,
  command: ServerCommand,
  path: string,
  library: Library,
): Promise<Contender> {
  const server = await startServer(command);
  await uploadInOrder(server.webSocketUrl + path, library.uploads);
  await server.stop();
  return {
    name,
    async measure() {
      const fresh = await startServer(command);
      const node = await createNode();
      const client = await connect(node, `${fresh.webSocketUrl}/sync`);
      const startedMs = performance.now();
      const loaded = await Promise.all(library.ids.map((id) => node.load(id)));
      const tookMs = performance.now() - startedMs;
      const missing = loaded.filter((coValue) => coValue === 'unavailable').length;
      if (missing > 0) throw new Error(`${name} did not find ${missing} CoValues.`);
      client.close();
      await fresh.stop();
      return { ms: tookMs };
    },
  };
}

const reading =
  'milliseconds until an empty client holds 10,000 CoValues, with their groups and content, from a server that has just started. Lower is better. Client and server share the machine.';

/** Loads after a restart, when nothing is in memory anywhere. */
export const measureColdLoad: Measure = async ({ context, commands, durable }) => {
  const library = await createLibrary(seed, librarySize);
  const bytes = library.uploads.reduce((sum, { text }) => sum + text.length, 0);
  context.say(`A library of ${library.ids.length} CoValues, ${(bytes / 1e6).toFixed(1)} MB`);
  const contenders: Contender[] = [];
  for (const kind of durable) {
    contenders.push(await coldLoadContender(ourNames[kind], await commands.ours(kind), '/sync', library));
  }
  contenders.push(await coldLoadContender(stockNames.sqlite, commands.stock('sqlite'), '/written', library));
  context.say('It is on all servers');
  const samples = await measureRounds(contenders);
  return durable.map((kind) =>
    compare(samples, {
      suite: 'relay',
      name: `cold load of 10,000 CoValues, ${ourNames[kind]}`,
      unit: 'ms',
      better: 'lower',
      ours: ourNames[kind],
      peer: stockNames.sqlite,
      figure: 'ms',
      reading,
      goal: { ratioAtLeast: 1.5 },
    }),
  );
};
