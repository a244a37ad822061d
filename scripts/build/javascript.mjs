import { copyFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { groupChunks } from './chunks.mjs';
import { alias, browserEntries, external, nodeEntries, wasmFiles, workerEntries } from './packages.mjs';
import { compileRunes, compileSvelte, inlineCss } from './svelte.mjs';

/**
 * Builds all entries in one module graph, so that entries share chunks: two instances of cojson in one page would not
 * recognize each other's values.
 * @param {string} folder @returns {Promise<readonly import('rolldown').OutputChunk[]>}
 */
export async function buildJavaScript(folder) {
  const bundle = await rolldown({
    input: { ...browserEntries, ...nodeEntries },
    external,
    // The relay needs Node's modules. `refuseNode` checks that none of them reaches a browser entry.
    platform: 'node',
    // Required by the chunk groups. A test compares the exports of each entry.
    preserveEntrySignatures: 'allow-extension',
    resolve: {
      alias,
      mainFields: ['module', 'main'],
      conditionNames: ['svelte', 'browser', 'production'],
    },
    // Every other warning fails the build.
    checks: { bundlerTimings: false },
    plugins: [compileSvelte(), compileRunes(), inlineCss()],
    onLog(level, log, handler) {
      if (level === 'warn') throw new Error(log.message);
      handler(level, log);
    },
  });
  const { index: _, ...others } = browserEntries;
  const apart = [...Object.values(others), ...Object.values(nodeEntries)];
  const { output } = await bundle.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: groupChunks(apart),
  });
  await bundle.close();
  for (const file of wasmFiles) await copyFile(file, join(folder, basename(file)));
  const chunks = output.filter((file) => file.type === 'chunk');
  for (const name of Object.keys(browserEntries)) refuseNode(chunks, `${name}.js`);
  return chunks;
}

/** Builds what runs in service workers. @param {string} folder @returns {Promise<readonly import('rolldown').OutputChunk[]>} */
export async function buildWorker(folder) {
  const bundle = await rolldown({
    input: workerEntries,
    platform: 'browser',
    preserveEntrySignatures: 'strict',
    onLog(level, log, handler) {
      if (level === 'warn') throw new Error(log.message);
      handler(level, log);
    },
  });
  const { output } = await bundle.write({ dir: folder, format: 'es', entryFileNames: '[name].js' });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  for (const name of Object.keys(workerEntries)) refuseNode(chunks, `${name}.js`);
  return chunks;
}

/** Fails if a browser entry imports anything outside the package. @param {readonly import('rolldown').OutputChunk[]} chunks @param {string} entry */
function refuseNode(chunks, entry) {
  const reached = new Set([entry]);
  for (const fileName of reached) {
    const chunk = chunks.find((candidate) => candidate.fileName === fileName);
    if (!chunk) {
      const kind = isBuiltin(fileName) ? 'a part of Node' : 'not in the package';
      throw new Error(`dist/${entry} is for browsers, and reaches ${fileName}, which is ${kind}.`);
    }
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) reached.add(next);
  }
}
