import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';
import { lintedFolders } from './linted-folders.mjs';
import { runChecks, runPlaywright, runSuites, runVitest } from './test-suites.mjs';

/** Runs all suites, even after a failure. The last line counts the tests; the exit code is 1 if any failed. */
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
    // In parallel with the unit tests, which spend half of their time waiting for processes.
    const checks = runChecks([
      ['types', 'tsc'],
      ['types with jazz-tools', 'tsc', '-p', 'src/jazz'],
      ['types in Svelte', 'svelte-check', '--config', 'vite.config.ts', '--threshold', 'error'],
      ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
      ['lint', 'eslint', '.'],
      ['imports', 'depcruise', ...lintedFolders, '--config', '.dependency-cruiser.mjs'],
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
