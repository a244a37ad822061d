// `npm run check:package`: installs the tarball in new apps outside the repository, with each supported version of Vite. They
// must type-check and sign a user up in a real browser, from the dev server and from a production build.
import { rmSync } from 'node:fs';
import { root } from './build/packages.mjs';
import { printError } from './expected-error.mjs';
import { checkAlone } from '../test/package/check-alone.mjs';
import { checkBoards } from '../test/package/check-boards.mjs';
import { checkBundlers } from '../test/package/check-bundlers.mjs';
import { checkJazz } from '../test/package/check-jazz.mjs';
import { checkWithoutRelay } from '../test/package/check-without-relay.mjs';
import { makeApp, packPackage, viteVersions } from '../test/package/make-app.mjs';
import { checkSqlite } from '../test/package/read-sqlite.mjs';
import { run } from '../test/package/run.mjs';
import { checkBuild, checkDevServer } from '../test/package/sign-up.mjs';

// All entries are modules, apart from the WASM, which attw does not know.
const attwOptions = [
  '--profile',
  'esm-only',
  '--no-definitely-typed',
  '--exclude-entrypoints',
  './cojson.wasm',
];

try {
  run('npm', ['run', 'build'], { cwd: root });
  run('npx', ['publint', '--strict'], { cwd: root });
  const tarball = packPackage();
  run('npx', ['attw', tarball, ...attwOptions], { cwd: root });
  console.log(`alone: ${await checkAlone(tarball)}`);
  for (const version of viteVersions) {
    console.log(`Vite ${version}, without PGlite: ${checkWithoutRelay(tarball, version)}`);
    const app = makeApp(tarball, version);
    run('npx', ['tsc'], { cwd: app });
    console.log(`Vite ${version}, dev server: ${await checkDevServer(app)}`);
    console.log(`Vite ${version}, production build: ${await checkBuild(app)}`);
    if (version === viteVersions[0]) {
      console.log(`command: ${checkSqlite(app)}`);
      await checkBundlers(tarball, app);
    }
    rmSync(app, { recursive: true });
    console.log(`Vite ${version}, jazz-tools: ${await checkJazz(tarball, version)}`);
  }
  await checkBoards(tarball);
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
