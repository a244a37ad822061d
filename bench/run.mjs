// `npm run bench`: our parts and their peers side by side, even on a clone where only `npm ci` has been run.
// `-- --only NAME` runs one suite; `-- --check` compares a short run with the committed results.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode } from '../scripts/check-node.mjs';
import '../scripts/no-inlined-wasm.mjs';
import { printError } from '../scripts/expected-error.mjs';
import { installMissing } from '../scripts/install-missing.mjs';
import { installPeers, peersFolder, peerVersions } from './install-peers.mjs';

checkNode();
const root = join(import.meta.dirname, '..');

const isCheck = process.argv.includes('--check');

async function run() {
  installMissing();
  if (!isCheck) installPeers();
  const { rolldown } = await import('rolldown');
  const { buildJavaScript } = await import('../scripts/build/javascript.mjs');
  // Inside node_modules, so that externals resolve.
  const folder = mkdtempSync(join(root, 'node_modules/.maia-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const built = join(folder, 'dist');
  mkdirSync(built);
  await buildJavaScript(built);
  if (!isCheck) offerNativeEngine(built);
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'main.ts'),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    platform: 'node',
  });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: 'main.mjs' });
  await bundle.close();
  const { runBench } = await import(pathToFileURL(join(folder, 'main.mjs')).href);
  await runBench({
    args: process.argv.slice(2),
    relayScript: join(built, 'maia-relay.js'),
    packageFolder: built,
    benchFolder: import.meta.dirname,
    peersFolder,
    peerVersions: peerVersions(),
    interrupted: interruption.signal,
  });
}

/**
 * The native engine is installed beside the relay, as an operator would; the peer uses it too. MAIA_BENCH_CRYPTO=wasm
 * skips it. @param {string} built
 */
function offerNativeEngine(built) {
  if (process.env.MAIA_BENCH_CRYPTO === 'wasm') return;
  mkdirSync(join(built, 'node_modules'));
  const name = 'cojson-core-napi';
  symlinkSync(join(peersFolder, 'node_modules', name), join(built, 'node_modules', name), 'junction');
}

const interruption = new AbortController();
// The second signal ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    process.once(signal, () => process.exit(1));
    interruption.abort();
  });
}
run().then(
  () => process.exit(),
  (error) => {
    printError(error);
    process.exit(1);
  },
);
