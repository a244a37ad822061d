import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { makeProject, packInLowerCase } from './make-app.mjs';
import { checkStartSize } from './start-size.mjs';

const maxBytes = 5_000_000;

/** Runs in Node, and prints the globals, timers and handles that the import has added. A request reads or closes a file. */
const importer = `
  const names = () => Object.getOwnPropertyNames(globalThis);
  const open = () => process.getActiveResourcesInfo().filter((name) => !name.includes('Req'));
  const [namesBefore, openBefore] = [names(), open()];
  await import(process.argv[1]);
  const added = names().filter((name) => !namesBefore.includes(name));
  console.log(JSON.stringify([...added, ...open().slice(openBefore.length)]));
`;

/** Checks the package without any other: what npm installs, and what an import in Node does. @param {string} tarball */
export async function checkAlone(tarball) {
  const project = makeProject(tarball);
  const modules = join(project, 'node_modules');
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  const packages = files.filter((file) => /^(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(file));
  if (packages.length !== 1) throw createExpectedError(`npm installed ${packages.join(', ')}.`);
  const bytes = files
    .filter((file) => file.startsWith('@MaiaOS/'))
    .map((file) => statSync(join(modules, file)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  if (bytes > maxBytes) throw createExpectedError(`The package has ${bytes} bytes, more than ${maxBytes}.`);
  for (const entry of ['', '/cojson', '/inspect', '/testing', '/relay'])
    checkImport(project, `@MaiaOS/kernel${entry}`);
  checkRelay(project);
  const startBytes = await checkStartSize(project);
  rmSync(project, { recursive: true });
  checkAlias(tarball);
  return `one package of ${bytes} bytes, with which an app starts with ${startBytes} after gzip, whose import in Node leaves nothing behind, and whose relay asks for PGlite`;
}

/** @param {string} project @param {string} entry */
function checkImport(project, entry) {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', importer, entry], {
    cwd: project,
    encoding: 'utf8',
  });
  if (stdout !== '[]\n') throw createExpectedError(`Importing ${entry} left ${stdout || stderr}.`);
}

const sentence =
  'This relay stores in PGlite, which is not installed. Run `npm install @electric-sql/pglite@~0.5.16`, or give `--storage postgres://…`.';

/** Without PGlite, the relay does not start. @param {string} project */
function checkRelay(project) {
  const command = join(project, 'node_modules/.bin/maia-relay');
  for (const args of [[], ['--storage', 'memory:'], ['doctor'], ['doctor', '--storage', 'memory:']]) {
    const { stdout, stderr, status } = spawnSync(command, args, { cwd: project, encoding: 'utf8' });
    if (status !== 1 || !`${stdout}${stderr}`.includes(sentence))
      throw createExpectedError(`maia-relay ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  }
  const left = readdirSync(project).filter((name) => name.startsWith('local-sync'));
  if (left.length > 0) throw createExpectedError(`Without PGlite, maia-relay left ${left.join(', ')}.`);
}

/** The registry takes no capitals, so the package is published in lower case. @param {string} tarball */
function checkAlias(tarball) {
  const renamed = packInLowerCase(tarball);
  const project = makeProject(`@MaiaOS/kernel@file:${renamed}`);
  for (const entry of ['', '/cojson', '/relay']) checkImport(project, `@MaiaOS/kernel${entry}`);
  for (const left of [dirname(renamed), project]) rmSync(left, { recursive: true });
}
