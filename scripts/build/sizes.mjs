import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { groupChunks } from './chunks.mjs';
import { root } from './packages.mjs';

/**
 * One request of an app's production build, with the kernel's own code alone: packages stay outside.
 * @typedef {{ readonly name: string, readonly gzipBytes: number, readonly modules: readonly string[], readonly packages: readonly string[] }} Fetched
 */

const appID = 'app.js';

/**
 * Measures an app that imports these names of the package, or all of them: what its start fetches, and what it fetches later.
 * @param {readonly string[]} [names] @returns {Promise<{ readonly entry: Fetched, readonly later: readonly Fetched[] }>}
 */
export async function measureKernel(names) {
  return measureEntry('src/index.ts', names);
}

/** The same for any entry. @param {string} file @param {readonly string[]} [names] */
export async function measureEntry(file, names) {
  const source = JSON.stringify(join(root, file));
  const bundle = await rolldown({
    input: appID,
    platform: 'browser',
    external: (id) => id !== appID && !/^[./]/.test(id),
    preserveEntrySignatures: 'allow-extension',
    plugins: [
      {
        name: 'app',
        resolveId: (id) => (id === appID ? id : undefined),
        load: (id) =>
          id === appID ? `export ${names ? `{ ${names.join(', ')} }` : '*'} from ${source};` : undefined,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true, codeSplitting: groupChunks() });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const reached = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const fileName of reached) {
    const { imports = [] } = chunks.find((chunk) => chunk.fileName === fileName) ?? {};
    for (const imported of imports) reached.add(imported);
  }
  const atStart = chunks.filter(({ fileName }) => reached.has(fileName));
  return {
    entry: fetched('entry', atStart),
    later: chunks.filter((chunk) => !atStart.includes(chunk)).map((chunk) => fetched(chunk.name, [chunk])),
  };
}

/** @param {string} name @param {readonly import('rolldown').OutputChunk[]} chunks @returns {Fetched} */
function fetched(name, chunks) {
  return {
    name,
    gzipBytes: chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0),
    modules: chunks
      .flatMap(({ moduleIds }) => moduleIds)
      .filter((id) => id !== appID)
      .map((id) => id.slice(root.length + 1)),
    packages: chunks
      .flatMap(({ imports }) => imports)
      .filter((id) => !id.endsWith('.js') || id.includes('/')),
  };
}
