import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const skipped = new Set(['node_modules', 'dist', 'test-results', 'playwright-report']);

/**
 * The files below a folder, by path from the repository's root.
 * @param {string} folder @param {RegExp} name @returns {readonly string[]}
 */
export function filesBelow(folder, name) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(path, name);
      return name.test(entry.name) ? [path] : [];
    })
    .toSorted();
}

/** Lists source files, tests excluded. @param {string} folder */
export function productionFiles(folder) {
  return filesBelow(folder, /\.(?:ts|mjs|svelte)$/).filter((path) => !/\.test\.ts$/.test(path));
}

/** @param {string} path */
export function readSource(path) {
  return readFileSync(join(root, path), 'utf8');
}

/** @param {readonly string[]} paths */
export function countLines(paths) {
  return paths.reduce((sum, path) => sum + readSource(path).split('\n').length - 1, 0);
}

/** How many production files each folder contains directly. @param {readonly string[]} folders */
export function filesPerFolder(folders) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const path of folders.flatMap(productionFiles)) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  return [...counts].map(([folder, count]) => ({ folder, count })).toSorted((a, b) => b.count - a.count);
}

/** Base names that several production files of a folder share. @param {string} folder @returns {readonly string[]} */
export function repeatedNames(folder) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of productionFiles(folder).map((path) => basename(path))) {
    if (name !== 'index.ts') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}

const proseFolders = ['src', 'devtools', 'demo', 'e2e', 'bench', 'test', 'scripts'];
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Everything that people read in the repository. @returns {readonly { readonly path: string, readonly text: string }[]} */
export function proseFiles() {
  const sources = proseFolders.flatMap((folder) => filesBelow(folder, /\.(?:ts|mjs|js|svelte|md)$/));
  return [...sources, ...filesBelow('docs', /\.md$/), ...documents].map((path) => ({
    path,
    text: readSource(path),
  }));
}
