// `npm run fuzz -- --from 1 --count 500`: runs the simulation of test/simulation with these seeds. Parts of
// a large range can run in parallel. Prints the seed and the last events of each failure; the exit code is
// 1 if any seed failed. `--tabs 3` sets the largest number of tabs per device; `--plain` excludes several
// tabs, bad connections and deletions. `--with reusedIDs,faults` names what every run has.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode } from './check-node.mjs';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

checkNode();

async function run() {
  const option = /** @type {const} */ ({ type: 'string' });
  const { values } = parseArgs({
    options: { from: option, count: option, tabs: option, plain: { type: 'boolean' }, with: option },
  });
  installMissing();
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(join(import.meta.dirname, '../test/simulation/fuzz.ts'));
  const failed = await module.fuzz({
    from: Number(values.from ?? 1),
    count: Number(values.count ?? 100),
    isPlain: values.plain === true,
    ...(values.tabs !== undefined && { tabs: Number(values.tabs) }),
    ...(values.with !== undefined && { having: values.with.split(',') }),
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
