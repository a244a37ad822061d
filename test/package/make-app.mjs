import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/build/packages.mjs';
import { run } from './run.mjs';

/** Creates an app in a new folder with the packed package, Vite and TypeScript. @returns {string} the folder */
export function makeApp() {
  const { name, version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'maia-app-'));
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true });
  // Renamed, because the repository's own tools would read them.
  for (const config of ['tsconfig.json', 'vite.config.ts']) {
    cpSync(join(import.meta.dirname, `app.${config}`), join(folder, config));
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  run('npm', ['pack', '--loglevel=error', '--pack-destination', folder], { cwd: root });
  const tarball = `./${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  const tools = ['vite', 'typescript'].map((tool) => `${tool}@${devDependencies[tool]}`);
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball, ...tools], { cwd: folder });
  return folder;
}
