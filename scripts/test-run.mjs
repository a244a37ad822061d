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
  await runSuites(async (reports) => {
    // Beside the unit tests, which wait half of the time for processes that start.
    const checks = runChecks([
      ['types', 'tsc'],
      ['types in Svelte', 'svelte-check', '--threshold', 'error'],
      ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
      ['lint', 'eslint', '.'],
    ]);
    const unit = await runVitest('unit', reports);
    return [
      ...(await checks),
      unit,
      await runVitest('browser', reports),
      await runPlaywright('e2e', reports),
    ];
  });
}
