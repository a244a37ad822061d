// `npm run fuzz -- --from 1 --count 500`: the simulation of scripts/simulation with these seeds, one after the other. Parts of a
// large run can go side by side. The exit code is 1 where something was not as it was said; the seed and what happened last
// are printed. `--tabs 3` lets a device have so many at once.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode } from './check-node.mjs';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

checkNode();

async function run() {
  const option = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({ options: { from: option, count: option, tabs: option } });
  installMissing();
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(join(import.meta.dirname, 'simulation/fuzz.ts'));
  const failed = await module.fuzz(
    Number(values.from ?? 1),
    Number(values.count ?? 100),
    Number(values.tabs ?? 1),
  );
  process.exitCode = failed > 0 ? 1 : 0;
}

run().then(
  () => process.exit(),
  (error) => {
    printError(error);
    process.exit(1);
  },
);
