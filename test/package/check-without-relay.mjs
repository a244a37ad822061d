import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { makeProject } from './make-app.mjs';

/** Serves the project, and prints what was logged and how the page and its relay answered. */
const server = `
  import { createLogger, createServer } from 'vite';
  import { maiaKernel } from '@MaiaOS/kernel/vite';
  const logged = [];
  const log = (message) => logged.push(message);
  const server = await createServer({
    configFile: false,
    customLogger: { ...createLogger('silent'), warn: log, error: log },
    server: { host: 'localhost', port: 0 },
    plugins: [maiaKernel()],
  });
  await server.listen();
  const { port } = server.httpServer.address();
  const ask = async (path) => (await fetch('http://localhost:' + port + path)).status;
  const statuses = [await ask('/'), await ask('/sync'), await ask('/sync')];
  await server.close();
  console.log(JSON.stringify({ logged, statuses }));
`;

/** Checks that the plugin serves an app without PGlite, with one warning. @param {string} tarball @param {string} vite its version */
export function checkWithoutRelay(tarball, vite) {
  const project = makeProject(tarball, `vite@${vite}`);
  writeFileSync(join(project, 'index.html'), '<!doctype html>');
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', server], {
    cwd: project,
    encoding: 'utf8',
  });
  const { logged, statuses } = JSON.parse(stdout || '{}');
  const isRight =
    logged?.length === 1 &&
    logged[0].includes('npm install @electric-sql/pglite@~0.5.16') &&
    statuses.join() === '200,404,404';
  if (!isRight) throw createExpectedError(`Without PGlite, the dev server answered ${stdout}${stderr}`);
  rmSync(project, { recursive: true });
  return 'warns once, and serves the app without a relay';
}
