import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/build/packages.mjs';
import { run } from './run.mjs';

/** A new app in a folder of its own, with the packed package, Vite and TypeScript. @returns {string} the folder */
export function makeApp() {
  const { name, version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'maia-app-'));
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true });
  // Not in its folder here, where the repository's own tools would go by them.
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
