import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExpectedError } from '../scripts/expected-error.mjs';

export const peersFolder = join(import.meta.dirname, 'peers');

/** Installs the peers if they are missing or differ from the lockfile. Throws a readable sentence if npm fails. */
export function installPeers() {
  const locked = readPackages(join(peersFolder, 'package-lock.json'));
  const installed = readPackages(join(peersFolder, 'node_modules', '.package-lock.json'));
  const isInstalled = Object.entries(locked).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
  if (isInstalled) return;
  console.error('Installing what is compared with…');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peersFolder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    throw createExpectedError(
      'What the bench compares with could not be installed: npm ci failed in bench/peers, and says why above. better-sqlite3 needs a compiler and Python where no built one can be had.',
    );
  }
}

/** The versions that package.json asks for. @returns {Record<string, string>} */
export function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(peersFolder, 'package.json'), 'utf8'));
  return dependencies;
}

/** @param {string} lockfile @returns {Record<string, { version?: string, optional?: boolean }>} */
function readPackages(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : {};
}
