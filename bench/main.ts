import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { createExpectedError } from '../scripts/expected-error.mjs';
import { findRegressions } from './harness/check.ts';
import { describeLine, type Line } from './harness/line.ts';
import { mergeResults, type Machine, type Results } from './harness/results.ts';
import type { BenchContext, Suite } from './harness/suite.ts';
import { replaceTable } from './harness/table.ts';
import { betweenSuite } from './between/suite.ts';
import { devtoolsSuite } from './devtools/suite.ts';
import { guardSuite } from './guard/suite.ts';
import { deviceSuite } from './device/suite.ts';
import { relaySuite } from './relay/suite.ts';
import { responsiveSuite } from './responsive/suite.ts';
import { resumeSuite } from './resume/suite.ts';

const suites: readonly Suite[] = [
  relaySuite,
  guardSuite,
  resumeSuite,
  deviceSuite,
  responsiveSuite,
  betweenSuite,
  devtoolsSuite,
];

const resultsFile = 'results.json';

export interface BenchRun extends Pick<
  BenchContext,
  'relayScript' | 'packageFolder' | 'benchFolder' | 'peersFolder'
> {
  readonly args: readonly string[];
  readonly peerVersions: Readonly<Record<string, string>>;
  /** Stops the servers and drops the databases; then `runBench` rejects. */
  readonly interrupted: AbortSignal;
}

/** Runs the requested suites, and writes their results beside those of the other suites. */
export async function runBench(run: BenchRun): Promise<void> {
  const { values } = parseArgs({
    args: [...run.args],
    options: {
      only: { type: 'string' },
      part: { type: 'string' },
      rounds: { type: 'string' },
      check: { type: 'boolean' },
    },
  });
  if (values.check) return check(run);
  const chosen = suites.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0) {
    const names = suites.map(({ name }) => name).join(', ');
    throw createExpectedError(`There is no bench "${values.only}". There is: ${names}.`);
  }
  const versions: Record<string, string> = { ...run.peerVersions };
  const addVersion = (name: string, version: string) => void (versions[name] = version);
  const { part } = values;
  const rounds = values.rounds === undefined ? undefined : countOf(values.rounds);
  for (const suite of chosen) {
    const lines = await runSuite(suite, run, { part, rounds, addVersion });
    // A later suite may fail.
    if (part === undefined && rounds === undefined)
      await write(run.benchFolder, resultsOf(run, lines, versions));
  }
}

function countOf(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw createExpectedError(`--rounds takes a number from 1 on, not "${text}".`);
}

/** Short, without peers that have to be installed, and as certain as a busy machine allows. */
const checkedParts: readonly (readonly [Suite, part: string])[] = [
  [resumeSuite, 'no relay'],
  [deviceSuite, '500 CoValues'],
];
const checkedRounds = 3;

/** Compares a short run's ratios with the committed ones. Throws if one is lower. */
async function check(run: BenchRun): Promise<void> {
  const committed = readResults(run.benchFolder)?.lines ?? [];
  const regressions: string[] = [];
  for (const [suite, part] of checkedParts) {
    const lines = await runSuite(suite, run, { part, rounds: checkedRounds, addVersion: () => {} });
    regressions.push(...findRegressions(committed, lines));
  }
  if (regressions.length > 0)
    throw createExpectedError(
      `Slower than bench/results.json by more than the tolerance:\n${regressions.join('\n')}`,
    );
}

function resultsOf(
  run: BenchRun,
  lines: readonly Line[],
  versions: Readonly<Record<string, string>>,
): Results {
  return {
    date: new Date().toISOString(),
    commit: currentCommit(run.benchFolder),
    machine: describeMachine(versions),
    lines,
  };
}

async function runSuite(
  suite: Suite,
  { relayScript, packageFolder, benchFolder, peersFolder, interrupted }: BenchRun,
  options: Pick<BenchContext, 'part' | 'rounds' | 'addVersion'>,
): Promise<readonly Line[]> {
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'maia-bench-'));
  const ends: (() => Promise<unknown>)[] = [];
  process.once('exit', () => rmSync(temporaryFolder, { recursive: true, force: true }));
  const startedMs = performance.now();
  const say = (sentence: string) =>
    console.log(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${sentence}`);
  try {
    const folders = { packageFolder, benchFolder, peersFolder, temporaryFolder };
    const context = { relayScript, ...folders, say, ...options };
    const lines: Line[] = [];
    const measuring = (async () => {
      for await (const line of suite.run({ ...context, finally: (end) => void ends.unshift(end) })) {
        say(describeLine(line));
        lines.push(line);
      }
    })();
    await Promise.race([measuring, rejectWhen(interrupted)]);
    return lines;
  } finally {
    for (const end of ends) await end();
  }
}

function rejectWhen(interrupted: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(createExpectedError('The bench was interrupted.'));
    if (interrupted.aborted) stop();
    else interrupted.addEventListener('abort', stop, { once: true });
  });
}

function readResults(folder: string): Results | undefined {
  const file = join(folder, resultsFile);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

async function write(folder: string, run: Results): Promise<void> {
  const results = mergeResults(readResults(folder), run);
  await writeFormatted(join(folder, resultsFile), JSON.stringify(results));
  const page = join(folder, 'README.md');
  await writeFormatted(page, replaceTable(readFileSync(page, 'utf8'), results));
}

async function writeFormatted(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function currentCommit(folder: string): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function describeMachine(versions: Readonly<Record<string, string>>): Machine {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    versions,
  };
}
