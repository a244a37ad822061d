import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExpectedError } from './expected-error.mjs';

/**
 * Installs the packages of a folder with a lockfile if they are missing or differ from it. `advice` is a sentence. Throws a
 * readable error if npm fails.
 * @param {string} folder
 * @param {string} advice
 */
export function installLocked(folder, advice) {
  const locked = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  const isInstalled = Object.entries(locked).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
  if (isInstalled) return;
  console.error(`Installing the packages of ${folder}…`);
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw createExpectedError(`npm ci failed in ${folder}, and says why above. ${advice}`);
}

/** @param {string} lockfile @returns {Record<string, { version?: string, optional?: boolean }>} */
function readPackages(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {};
}
