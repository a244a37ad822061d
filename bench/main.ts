import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { createExpectedError } from '../scripts/expected-error.mjs';
import type { Line } from './harness/line.ts';
import { mergeResults, type Machine, type Results } from './harness/results.ts';
import type { BenchContext, Suite } from './harness/suite.ts';
import { replaceTable } from './harness/table.ts';
import { devtoolsSuite } from './devtools/suite.ts';
import { guardSuite } from './guard/suite.ts';
import { relaySuite } from './relay/suite.ts';
import { responsiveSuite } from './responsive/suite.ts';
import { resumeSuite } from './resume/suite.ts';

const suites: readonly Suite[] = [relaySuite, guardSuite, resumeSuite, responsiveSuite, devtoolsSuite];

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
    options: { only: { type: 'string' }, part: { type: 'string' } },
  });
  const chosen = suites.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0) {
    const names = suites.map(({ name }) => name).join(', ');
    throw createExpectedError(`There is no bench "${values.only}". There is: ${names}.`);
  }
  const lines: Line[] = [];
  const versions: Record<string, string> = { ...run.peerVersions };
  const addVersion = (name: string, version: string) => void (versions[name] = version);
  for (const suite of chosen) lines.push(...(await runSuite(suite, run, { part: values.part, addVersion })));
  for (const line of lines) console.log(describeLine(line));
  if (values.part !== undefined) return;
  await write(run.benchFolder, {
    date: new Date().toISOString(),
    commit: currentCommit(run.benchFolder),
    machine: describeMachine(versions),
    lines,
  });
}

function describeLine({ name, ours, unit, peer, peerName, ratio, isMet }: Line): string {
  const verdict = isMet === undefined ? '' : isMet ? ', goal met' : ', GOAL MISSED';
  return `${name}: ${ours} ${unit}; ${peerName}: ${peer}; ratio ${ratio}${verdict}`;
}

async function runSuite(
  suite: Suite,
  { relayScript, packageFolder, benchFolder, peersFolder, interrupted }: BenchRun,
  options: Pick<BenchContext, 'part' | 'addVersion'>,
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
    return await Promise.race([
      suite.run({ ...context, finally: (end) => void ends.unshift(end) }),
      rejectWhen(interrupted),
    ]);
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

async function write(folder: string, run: Results): Promise<void> {
  const file = join(folder, 'results.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
  const results = mergeResults(before, run);
  await writeFormatted(file, JSON.stringify(results));
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
