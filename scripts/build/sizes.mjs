import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { groupChunks } from './chunks.mjs';
import { root } from './packages.mjs';

/**
 * The kernel's own code as an app's production build has it: what an import of the entry fetches, and what is fetched later.
 * Packages stay outside.
 * @typedef {{ readonly name: string, readonly gzipBytes: number, readonly modules: readonly string[], readonly packages: readonly string[] }} Fetched
 */

/** @returns {Promise<{ readonly entry: Fetched, readonly later: readonly Fetched[] }>} */
export async function measureKernel() {
  const bundle = await rolldown({
    input: join(root, 'src/index.ts'),
    platform: 'browser',
    external: (id) => !/^[./]/.test(id),
    preserveEntrySignatures: 'allow-extension',
  });
  const { output } = await bundle.generate({ format: 'es', minify: true, codeSplitting: groupChunks() });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const reached = new Set(['index.js']);
  for (const fileName of reached) {
    const { imports = [] } = chunks.find((chunk) => chunk.fileName === fileName) ?? {};
    for (const each of imports) reached.add(each);
  }
  const fetchedAtOnce = chunks.filter(({ fileName }) => reached.has(fileName));
  return {
    entry: fetched('entry', fetchedAtOnce),
    later: chunks
      .filter((chunk) => !fetchedAtOnce.includes(chunk))
      .map((chunk) => fetched(chunk.name, [chunk])),
  };
}

/** @param {string} name @param {readonly import('rolldown').OutputChunk[]} chunks @returns {Fetched} */
function fetched(name, chunks) {
  return {
    name,
    gzipBytes: chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0),
    modules: chunks.flatMap(({ moduleIds }) => moduleIds).map((id) => id.slice(root.length + 1)),
    packages: chunks
      .flatMap(({ imports }) => imports)
      .filter((id) => !id.endsWith('.js') || id.includes('/')),
  };
}
