import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CojsonInternalTypes } from 'cojson';
import { compare, type Line } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { startServer } from '../harness/server-process.ts';
import type { Suite } from '../harness/suite.ts';
import { uploadOf, type Upload } from '../relay/corpus.ts';
import { raisedLimits } from '../relay/servers.ts';
import { uploadInOrder } from '../relay/uploader.ts';
import { buildPrograms, type Programs } from './build.ts';

const rounds = 9;
/** Single processes differ by 5 %. */
const processesPerRound = 3;
const things = 10_000;
const members = 1_000;
const ours = 'with the guard';
const peer = 'without the guard';

const runFile = promisify(execFile);

interface Measure {
  readonly name: string;
  /** How many times the processor time without the guard it may take. */
  readonly atMost: number;
  readonly reading: string;
  cpuMs(programs: Programs): Promise<number>;
}

/** What the rules cost that stop strangers, members and relays: the same sources with them and without. */
export const guardSuite: Suite = {
  name: 'guard',
  async *run({ benchFolder, packageFolder, temporaryFolder, part, say }) {
    // Beside the package, so that externals resolve.
    const guarded = await buildPrograms(benchFolder, join(packageFolder, '../guarded'), true);
    const unguarded = await buildPrograms(benchFolder, join(packageFolder, '../unguarded'), false);
    /** Made once, by a device with the guard. */
    const made = new Map<string, Promise<string>>();
    const contentOf = (task: string, size: number): Promise<string> => {
      const name = `${task}-${size}`;
      const file = join(temporaryFolder, name);
      const making = made.get(name) ?? runDevice(guarded, task, size, file).then(() => file);
      made.set(name, making);
      return making;
    };

    const measures: readonly Measure[] = [
      {
        name: `making ${things} CoValues`,
        atMost: 1.05,
        reading: 'a device makes groups of a hundred maps and lists, in the shapes of an app.',
        cpuMs: (programs) => runDevice(programs, 'makeThings', things),
      },
      {
        name: `catch-up of ${things} CoValues`,
        atMost: 1.05,
        reading: 'a device receives that content, and reads it.',
        cpuMs: async (programs) =>
          runDevice(programs, 'readThings', things, await contentOf('makeThings', things)),
      },
      {
        name: `opening groups of ${members} members`,
        atMost: 1.2,
        reading:
          'a device receives ten groups of 10,000 transactions each, and reads their keys and all roles.',
        cpuMs: async (programs) =>
          runDevice(programs, 'readGroups', members, await contentOf('makeGroups', members)),
      },
      {
        name: `a relay receives ${things} CoValues`,
        atMost: 1.05,
        reading: 'the relay, in memory, receives groups and what they own from one client.',
        cpuMs: async (programs) =>
          receiveAll(programs, await readUploads(await contentOf('makeThings', things))),
      },
    ];
    for (const measure of measures) {
      if (part !== undefined && !measure.name.includes(part)) continue;
      say(`Measuring ${measure.name}`);
      yield await compareBoth(measure, [guarded, unguarded]);
    }
  },
};

async function compareBoth(
  { name, atMost, reading, cpuMs }: Measure,
  [guarded, unguarded]: readonly [Programs, Programs],
): Promise<Line> {
  const contender = (side: string, programs: Programs): Contender => ({
    name: side,
    async measure() {
      let sum = 0;
      for (let process = 0; process < processesPerRound; process++) sum += await cpuMs(programs);
      return { cpuMs: sum / processesPerRound };
    },
  });
  const samples = await measureRounds([contender(ours, guarded), contender(peer, unguarded)], {
    rounds,
    warmUp: false,
  });
  return compare(samples, {
    ...{ suite: 'guard', name, unit: 'ms of processor time', better: 'lower', ours, peer, figure: 'cpuMs' },
    reading: `${reading} Each round is the mean of three new processes. Lower is better.`,
    goal: { ratioAtLeast: 1 / atMost },
  });
}

async function runDevice({ device }: Programs, ...task: readonly (string | number)[]): Promise<number> {
  const { stdout } = await runFile(process.execPath, [device, ...task.map(String)]);
  const tookMs = Number(stdout);
  if (!(tookMs > 0)) throw new Error(`The device printed "${stdout}".`);
  return tookMs;
}

async function receiveAll({ relay }: Programs, uploads: readonly Upload[]): Promise<number> {
  const server = await startServer({
    script: relay,
    args: ['--port', '0', '--storage', 'memory:', ...raisedLimits],
  });
  const beforeMs = await server.cpuMs();
  await uploadInOrder(`${server.webSocketUrl}/sync`, uploads);
  const tookMs = (await server.cpuMs()) - beforeMs;
  await server.stop();
  return tookMs;
}

async function readUploads(file: string): Promise<readonly Upload[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.map((line) => uploadOf(JSON.parse(line) as CojsonInternalTypes.NewContentMessage));
}
