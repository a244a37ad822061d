// `npm run model`: explores the model of the ledger in test/model. `-- --part rules` runs one of the parts
// rules, faults, whole and walks; `-- savedOnly askTwice` only these. Exit code 1: a rule without a trace, or a trace
// with all rules.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode } from './check-node.mjs';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

checkNode();

async function run() {
  const option = /** @type {const} */ ({ type: 'string' });
  const { values, positionals } = parseArgs({
    options: { part: option, states: option, seeds: option },
    allowPositionals: true,
  });
  installMissing();
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(join(import.meta.dirname, '../test/model/run.ts'));
  const unexpected = module.runModel({
    part: values.part,
    names: positionals,
    maxStates: Number(values.states ?? 10_000),
    seeds: Number(values.seeds ?? 300),
  });
  process.exitCode = unexpected > 0 ? 1 : 0;
}

run().then(
  () => process.exit(),
  (error) => {
    printError(error);
    process.exit(1);
  },
);
