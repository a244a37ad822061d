import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installLocked } from '../scripts/install-locked.mjs';

export const peersFolder = join(import.meta.dirname, 'peers');

/** Installs the peers if they are missing or differ from the lockfile. Throws a readable sentence if npm fails. */
export function installPeers() {
  installLocked(
    peersFolder,
    'The bench needs what it compares with; better-sqlite3 needs a compiler and Python where no built one can be had.',
  );
}

/** The versions that package.json asks for. @returns {Record<string, string>} */
export function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(peersFolder, 'package.json'), 'utf8'));
  return dependencies;
}
