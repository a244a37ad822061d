import { spawnSync } from 'node:child_process';

/** Installs a package if this system and user can; does nothing otherwise. @param {string} name */
export function installDebianPackage(name) {
  if (process.getuid?.() !== 0) return;
  const options = /** @type {const} */ ({
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  spawnSync('apt-get', ['update', '-q'], options);
  spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', name], options);
}
