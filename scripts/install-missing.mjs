import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExpectedError } from './expected-error.mjs';

/** @typedef {Readonly<Record<string, { version?: string, optional?: boolean }>>} Packages */

const root = join(import.meta.dirname, '..');

/** Installs the dependencies where they are absent or not those of the lockfile. Throws a sentence where npm fails. */
export function installMissing() {
  if (isInstalled()) return;
  console.error('Installing dependencies…');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // Standard output belongs to the command that was asked for.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw createExpectedError('The dependencies could not be installed: npm ci failed, and says why above.');
}

function isInstalled() {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  const locked = readPackages(join(root, 'package-lock.json'));
  return Object.entries(locked).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

/** @param {string} lockfile @returns {Packages} */
function readPackages(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {};
}
