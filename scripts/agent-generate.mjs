// `npm run agent:generate -- --service sync`: prints the settings of a new account for the relay. It runs
// the relay's own command, bundled from the sources, so that a clone needs no build.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { external, nodeEntries, root } from './build/packages.mjs';

// Below node_modules, to resolve external packages.
const folder = mkdtempSync(join(root, 'node_modules/.agent-generate-'));
try {
  const bundle = await rolldown({
    input: nodeEntries['maia-relay'],
    external,
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
  });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: 'maia-relay.mjs' });
  await bundle.close();
  const args = [join(folder, 'maia-relay.mjs'), 'agent:generate', ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
