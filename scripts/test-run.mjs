import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';
import { runChecks, runPlaywright, runSuites, runVitest } from './test-suites.mjs';

/** Runs everything, whatever fails on the way. The last line counts it; the exit code is 1 where anything failed. */
export async function runTests() {
  try {
    installMissing();
    const { installBrowser } = await import('./find-browser.mjs');
    installBrowser();
  } catch (error) {
    printError(error);
    process.exitCode = 1;
    return;
  }
  await runSuites(async (reports) => [
    ...(await runChecks([
      ['types', 'tsc'],
      ['types in Svelte', 'svelte-check', '--threshold', 'error'],
      ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
      ['lint', 'eslint', '.'],
    ])),
    runVitest('unit', reports),
    runVitest('browser', reports),
    runPlaywright('e2e', reports),
  ]);
}
