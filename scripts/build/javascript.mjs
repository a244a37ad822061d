import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';
import { groupChunks } from './chunks.mjs';
import { removeLines, shortened } from './minify.mjs';
import { alias, browserEntries, cojsonWasm, external, nodeEntries, workerEntries } from './packages.mjs';
import { packSqlite } from './sqlite-wasm.mjs';
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
    // The relay needs Node's modules. `reachedInPages` checks that none of them reaches a browser entry.
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
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: groupChunks(apart),
    ...shortened,
  });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  await writeChunks(chunks, folder, browserEntries);
  await copyFile(cojsonWasm, join(folder, basename(cojsonWasm)));
  await packSqlite(folder);
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
  const { output } = await bundle.generate({ format: 'es', entryFileNames: '[name].js', ...shortened });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  await writeChunks(chunks, folder, workerEntries);
  return chunks;
}

/** @param {readonly import('rolldown').OutputChunk[]} chunks @param {string} folder @param {object} pageEntries those for browsers */
async function writeChunks(chunks, folder, pageEntries) {
  const inPages = new Set(Object.keys(pageEntries).flatMap((name) => reachedInPages(chunks, `${name}.js`)));
  await mkdir(folder, { recursive: true });
  for (const chunk of chunks) {
    const code = removeLines(chunk, { isForPages: inPages.has(chunk.fileName) });
    await writeFile(join(folder, chunk.fileName), code);
  }
}

/** What entries for browsers import besides the package. @type {Readonly<Record<string, readonly string[]>>} */
const peersOf = { 'react.js': ['react'], 'vue.js': ['vue'], 'jazz.js': ['jazz-tools', 'jazz-tools/testing'] };

/** Throws if a browser entry imports anything outside the package. @param {readonly import('rolldown').OutputChunk[]} chunks @param {string} entry */
function reachedInPages(chunks, entry) {
  const reached = new Set([entry]);
  for (const fileName of reached) {
    const chunk = chunks.find((candidate) => candidate.fileName === fileName);
    if (peersOf[entry]?.includes(fileName)) continue;
    if (!chunk) {
      const kind = isBuiltin(fileName) ? 'a part of Node' : 'not in the package';
      throw new Error(`dist/${entry} is for browsers, and reaches ${fileName}, which is ${kind}.`);
    }
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) reached.add(next);
  }
  return [...reached];
}
