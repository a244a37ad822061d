import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/build/packages.mjs';
import { run } from './run.mjs';

const { name, version, devDependencies, overrides } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** Packs the built package. @returns {string} the path of the file that apps install */
export function packPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'maia-pack-'));
  run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], { cwd: root });
  return join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

/** As it is to be published, because npm's registry takes no capitals. @param {string} tarball @returns {string} the path of another file */
export function packInLowerCase(tarball) {
  const folder = mkdtempSync(join(tmpdir(), 'maia-pack-'));
  run('tar', ['-xzf', tarball, '-C', folder], { cwd: folder });
  const source = join(folder, 'package');
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  writeFileSync(join(source, 'package.json'), JSON.stringify({ ...manifest, name: '@maiaos/kernel' }));
  run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], { cwd: source });
  return join(folder, `maiaos-kernel-${manifest.version}.tgz`);
}

/** Creates a project in a new folder, with these packages. @param {string[]} packages @returns {string} the folder */
export function makeProject(...packages) {
  const folder = mkdtempSync(join(tmpdir(), 'maia-app-'));
  // Without the overrides, jazz-tools would install about 700 packages.
  const manifest = { name: 'app', private: true, type: 'module', overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: folder });
  return folder;
}

/** Packages in the versions of this repository. @param {string[]} packages @returns {string[]} as npm installs them */
export function versionsOf(...packages) {
  return packages.map((name) => `${name}@${devDependencies[name]}`);
}

/** The oldest supported version, and the one of this repository. */
export const viteVersions = ['7.3.8', devDependencies.vite];

/** Creates an app with the packed package, PGlite, Vite and TypeScript. @param {string} tarball @param {string} vite its version @returns {string} the folder */
export function makeApp(tarball, vite) {
  const folder = makeProject(tarball, `vite@${vite}`, ...versionsOf('@electric-sql/pglite', 'typescript'));
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true });
  // Renamed, because the repository's own tools would read them.
  for (const config of ['tsconfig.json', 'vite.config.ts']) {
    cpSync(join(import.meta.dirname, `app.${config}`), join(folder, config));
  }
  return folder;
}
