import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { external, nodeEntries, root } from './build/packages.mjs';

/**
 * Runs the relay's command in this process, bundled from the sources, so that a clone needs no build.
 * @param {readonly string[]} args
 */
export async function runRelayCommand(args) {
  // Below node_modules, to resolve external packages.
  const folder = mkdtempSync(join(root, 'node_modules/.relay-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = await rolldown({
    input: nodeEntries['maia-relay'],
    external,
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
  });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: 'maia-relay.mjs' });
  await bundle.close();
  process.argv.splice(2, Infinity, ...args);
  await import(join(folder, 'maia-relay.mjs'));
}
