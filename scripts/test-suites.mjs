import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printError } from './expected-error.mjs';
import { readPlaywrightReport, readVitestReport, withFailuresOutsideTests } from './test-report.mjs';

/** @typedef {import('./test-report.mjs').Outcome} Outcome */
/** @typedef {Outcome & { readonly suite: string, readonly seconds: number }} SuiteOutcome */

const root = join(import.meta.dirname, '..');

/**
 * Runs suites, which write their reports into a directory. Prints each suite's time at the end; the last line counts all
 * tests. The exit code is 1 if any failed.
 * @param {(reports: string) => Promise<readonly SuiteOutcome[]>} run
 */
export async function runSuites(run) {
  const reports = mkdtempSync(join(tmpdir(), 'maia-test-'));
  try {
    printSummary(await run(reports));
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

/**
 * Runs read-only tools in parallel. Each counts as one test and prints its output when it ends.
 * @param {readonly (readonly [name: string, ...command: readonly string[]])[]} checks
 * @returns {Promise<readonly SuiteOutcome[]>}
 */
export function runChecks(checks) {
  return Promise.all(
    checks.map(([name, ...command]) =>
      measured(name, async () => {
        const { isPassed, output } = await runQuietly(command);
        printTitle(name);
        process.stdout.write(output);
        return outcomeOf(name, isPassed);
      }),
    ),
  );
}

/** @param {readonly string[]} command @returns {Promise<{ isPassed: boolean, output: string }>} */
function runQuietly([tool = '', ...args]) {
  const child = spawn(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  /** @type {string[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => output.push(text));
  }
  return hasPassed(child).then((isPassed) => ({ isPassed, output: output.join('') }));
}

/** @param {string} project @param {string} reports @param {readonly string[]} [options] @returns {Promise<SuiteOutcome>} */
export function runVitest(project, reports, options = []) {
  return measured(project, async () => {
    printTitle(project);
    const report = join(reports, `${project}.json`);
    const errors = join(reports, `${project}-errors.json`);
    const isPassed = await run(
      [
        ...['vitest', 'run', '--project', project, '--passWithNoTests=false', ...options],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
        `--reporter=${join(root, 'scripts', 'error-reporter.mjs')}`,
      ],
      { MAIA_ERRORS_FILE: errors },
    );
    return withFailuresOutsideTests(
      project,
      isPassed,
      readReport(report, readVitestReport),
      readReport(errors, (/** @type {readonly string[]} */ lines) => lines),
    );
  });
}

/** @param {string} suite @param {string} reports @param {readonly string[]} [options] @returns {Promise<SuiteOutcome>} */
export function runPlaywright(suite, reports, options = []) {
  return measured(suite, async () => {
    printTitle(suite);
    const report = join(reports, `${suite}.json`);
    const isPassed = await run(['playwright', 'test', '--reporter=list,json', ...options], {
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
    });
    return withFailuresOutsideTests(suite, isPassed, readReport(report, readPlaywrightReport));
  });
}

/**
 * Counts as one test. @param {string} name @param {string} script in this folder @param {string[]} args
 * @returns {Promise<SuiteOutcome>}
 */
export function runScript(name, script, ...args) {
  return measured(name, async () => {
    printTitle(name);
    const child = spawn(process.execPath, [join(root, 'scripts', script), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return outcomeOf(name, await hasPassed(child));
  });
}

/** @param {string} suite @param {() => Promise<Outcome>} run @returns {Promise<SuiteOutcome>} */
async function measured(suite, run) {
  const startMs = performance.now();
  const outcome = await run();
  return { ...outcome, suite, seconds: Math.round((performance.now() - startMs) / 1_000) };
}

/** @param {string} name @param {boolean} isPassed @returns {Outcome} */
function outcomeOf(name, isPassed) {
  return isPassed ? { passed: 1, failed: [], skipped: [] } : { passed: 0, failed: [name], skipped: [] };
}

/** @param {readonly string[]} command @param {NodeJS.ProcessEnv} [env] */
function run([tool = '', ...args], env = {}) {
  const child = spawn(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  return hasPassed(child);
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<boolean>} */
function hasPassed(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/** @template Report, Content @param {string} file @param {(report: Report) => Content} read @returns {Content | undefined} */
function readReport(file, read) {
  try {
    return read(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    printError(error);
    return undefined;
  }
}

/** @param {string} name */
function printTitle(name) {
  console.log(`\n── ${name}`);
}

/** @param {readonly SuiteOutcome[]} outcomes */
function printSummary(outcomes) {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  console.log('');
  for (const { suite, seconds } of outcomes) console.log(`${suite}: ${seconds} s`);
  for (const name of skipped) console.log(`skipped: ${name}`);
  for (const name of failed) console.log(`failed: ${name}`);
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  if (failed.length > 0) process.exitCode = 1;
}
