// `npm run check:package`: installs the tarball in a new Vite app outside the repository. It must type-check and sign a
// user up in a real browser, from the dev server and from a production build.
import { rmSync } from 'node:fs';
import { root } from './build/packages.mjs';
import { printError } from './expected-error.mjs';
import { makeApp } from '../test/package/make-app.mjs';
import { checkSqlite } from '../test/package/read-sqlite.mjs';
import { run } from '../test/package/run.mjs';
import { checkBuild, checkDevServer } from '../test/package/sign-up.mjs';

try {
  run('npm', ['run', 'build'], { cwd: root });
  run('npx', ['publint', '--strict'], { cwd: root });
  const app = makeApp();
  run('npx', ['tsc'], { cwd: app });
  console.log(`command: ${checkSqlite(app)}`);
  console.log(`dev server: ${await checkDevServer(app)}`);
  console.log(`production build: ${await checkBuild(app)}`);
  rmSync(app, { recursive: true });
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
