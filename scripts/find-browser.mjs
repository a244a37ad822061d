import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';
import { createExpectedError } from './expected-error.mjs';

const systemNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApplications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** How every test launches Chromium: a container's root has no sandbox and no GPU, and a test calls nobody. */
export function browserLaunchOptions() {
  const executablePath = findBrowser();
  return {
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    ...(executablePath !== undefined && { executablePath }),
  };
}

/**
 * The Chromium that the tests run in: `MAIA_BROWSER`, else Playwright's own, else the system's.
 * @returns {string | undefined} its path
 */
export function findBrowser() {
  const told = process.env['MAIA_BROWSER'];
  if (told !== undefined && told !== '') {
    if (!isExecutable(told))
      throw createExpectedError(`MAIA_BROWSER is ${told}, and there is no program to run there.`);
    return told;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const onPath = systemNames.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [chromium.executablePath(), ...onPath, ...macApplications].find(starts);
}

/**
 * Finds Chromium, or installs it: Playwright's own, and where that cannot be downloaded or started, Debian's package.
 * @returns {string} its path
 */
export function installBrowser() {
  const found = findBrowser();
  if (found !== undefined) return found;
  const playwright = createRequire(import.meta.url).resolve('@playwright/test/cli');
  run(process.execPath, [playwright, 'install', 'chromium']);
  const own = findBrowser();
  if (own !== undefined) return own;
  if (process.getuid?.() === 0) {
    run('apt-get', ['update', '-q']);
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium']);
  }
  const debian = findBrowser();
  if (debian !== undefined) return debian;
  throw createExpectedError(
    'There is no Chromium to test with and it could not be installed: install Chromium or Chrome, or name one in MAIA_BROWSER.',
  );
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A downloaded Chromium whose libraries are missing is there, but does not run. @param {string} path */
function starts(path) {
  return isExecutable(path) && spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0;
}
