// `npm run docs`: the documentation site in docs/.vitepress/dist. A dead link, a function without a doc comment, or what axe finds
// in a page, fails it.
// `npm run docs -- dev` serves the pages while they are edited.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { checkNode } from './check-node.mjs';
import { createExpectedError, printError } from './expected-error.mjs';
import { checkAccessibility } from '../test/docs/check-accessibility.mjs';
import { installLocked } from './install-locked.mjs';

const site = join(import.meta.dirname, '../docs/.vitepress');

/** @param {string} tool @param {readonly string[]} args */
function run(tool, args) {
  const { status } = spawnSync(join(site, 'node_modules/.bin', tool), args, {
    cwd: site,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw createExpectedError(`${tool} failed, and says why above.`);
}

checkNode();
try {
  installLocked(site, 'They build the documentation site.');
  run('typedoc', ['--options', 'typedoc.json']);
  if (process.argv[2] === 'dev') run('vitepress', ['dev', '..']);
  else {
    run('vitepress', ['build', '..']);
    await checkAccessibility(join(site, 'dist'));
  }
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
