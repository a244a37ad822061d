// `npm run fuzz -- --from 1 --count 500`: the simulation of scripts/simulation with these seeds, one after the other. Parts of a
// large run can go side by side. The exit code is 1 where something was not as it was said; the seed and what happened last
// are printed. `--tabs 3` lets each device have so many at once, where a run chooses by itself else; `--plain` leaves out several
// tabs, bad connections and deletions.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode } from './check-node.mjs';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

checkNode();

async function run() {
  const option = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({
    options: { from: option, count: option, tabs: option, plain: { type: 'boolean' } },
  });
  installMissing();
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(join(import.meta.dirname, 'simulation/fuzz.ts'));
  const failed = await module.fuzz({
    from: Number(values.from ?? 1),
    count: Number(values.count ?? 100),
    isPlain: values.plain === true,
    ...(values.tabs !== undefined && { tabs: Number(values.tabs) }),
  });
  process.exitCode = failed > 0 ? 1 : 0;
}

run().then(
  () => process.exit(),
  (error) => {
    printError(error);
    process.exit(1);
  },
);
