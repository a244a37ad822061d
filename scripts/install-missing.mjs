import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExpectedError } from './expected-error.mjs';

/** @typedef {Readonly<Record<string, { version?: string, optional?: boolean }>>} Packages */

const root = join(import.meta.dirname, '..');

/** Installs missing or outdated dependencies according to the lockfile. Throws an expected error if npm fails. */
export function installMissing() {
  if (isInstalled()) return;
  console.error('Installing dependencies…');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // Standard output is reserved for the command's own output.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw createExpectedError('Installing the dependencies failed: see the output of npm ci above.');
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
