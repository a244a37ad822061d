import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';
import { readPlaywrightReport, readVitestReport, withWhatNoTestSays } from './test-report.mjs';

/** @typedef {import('./test-report.mjs').Outcome} Outcome */

const root = join(import.meta.dirname, '..');

/** Runs everything, whatever fails on the way. The last line counts it; the exit code is 1 where anything failed. */
export async function runTests() {
  const reports = mkdtempSync(join(tmpdir(), 'maia-test-'));
  try {
    installMissing();
    const { installBrowser } = await import('./find-browser.mjs');
    installBrowser();
    printSummary([
      runCheck('types', ['tsc'], ['svelte-check', '--threshold', 'error']),
      runCheck('format', ['prettier', '--check', '--log-level', 'warn', '.']),
      runCheck('lint', ['eslint', '.']),
      runVitest('unit', join(reports, 'unit.json')),
      runVitest('browser', join(reports, 'browser.json')),
      runPlaywright('e2e', join(reports, 'e2e.json')),
    ]);
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

/** Counts as one. @param {string} name @param {readonly (readonly string[])[]} commands @returns {Outcome} */
function runCheck(name, ...commands) {
  printTitle(name);
  const results = commands.map((command) => run(command));
  return results.every(Boolean)
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: [name], skipped: [] };
}

/** @param {string} project @param {string} report @returns {Outcome} */
function runVitest(project, report) {
  printTitle(project);
  const ok = run([
    ...['vitest', 'run', '--project', project, '--passWithNoTests=false'],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ]);
  return withWhatNoTestSays(project, ok, readReport(report, readVitestReport));
}

/** @param {string} suite @param {string} report @returns {Outcome} */
function runPlaywright(suite, report) {
  printTitle(suite);
  const ok = run(['playwright', 'test', '--reporter=list,json'], { PLAYWRIGHT_JSON_OUTPUT_FILE: report });
  return withWhatNoTestSays(suite, ok, readReport(report, readPlaywrightReport));
}

/** @param {readonly string[]} command @param {NodeJS.ProcessEnv} [env] */
function run([tool = '', ...args], env = {}) {
  const { status } = spawnSync(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  return status === 0;
}

/** @template Report @param {string} file @param {(report: Report) => Outcome} read @returns {Outcome | undefined} */
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

/** @param {readonly Outcome[]} outcomes */
function printSummary(outcomes) {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  console.log('');
  for (const name of skipped) console.log(`skipped: ${name}`);
  for (const name of failed) console.log(`failed: ${name}`);
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  if (failed.length > 0) process.exitCode = 1;
}
