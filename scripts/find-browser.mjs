import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';
import { installDebianPackage } from './debian-package.mjs';
import { createExpectedError } from './expected-error.mjs';

const systemNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApplications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Launch options of all tests: containers have neither a sandbox nor a GPU, and tests make no external requests. */
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
  const configured = process.env['MAIA_BROWSER'];
  if (configured !== undefined && configured !== '') {
    if (!isExecutable(configured))
      throw createExpectedError(`MAIA_BROWSER is ${configured}, which is not an executable program.`);
    return configured;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const onPath = systemNames.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [chromium.executablePath(), ...onPath, ...macApplications].find(starts);
}

/**
 * Finds Chromium or installs it: Playwright's build, or Debian's package if that cannot be downloaded or started.
 * @returns {string} its path
 */
export function installBrowser() {
  const found = findBrowser();
  if (found !== undefined) return found;
  const playwright = createRequire(import.meta.url).resolve('@playwright/test/cli');
  spawnSync(process.execPath, [playwright, 'install', 'chromium'], { stdio: 'inherit' });
  const own = findBrowser();
  if (own !== undefined) return own;
  installDebianPackage('chromium');
  const debian = findBrowser();
  if (debian !== undefined) return debian;
  throw createExpectedError(
    'Chromium is missing and could not be installed. Install Chromium or Chrome, or set MAIA_BROWSER to its path.',
  );
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

/** A downloaded Chromium does not start if system libraries are missing. @param {string} path */
function starts(path) {
  return isExecutable(path) && spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0;
}
