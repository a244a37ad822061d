import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createExpectedError, printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

const root = join(import.meta.dirname, '..');

/**
 * Serves the demo until the process is told to end. What goes wrong is said in one sentence, with exit code 1.
 * @param {string[]} args the command's own: `--port N`
 */
export async function serveDemo(args) {
  try {
    const port = readPort(args);
    installMissing();
    await serve(port);
    console.log(`The demo is on http://localhost:${port}/ (its data in ./local-sync.db; Ctrl-C ends it).`);
  } catch (error) {
    printError(error);
    process.exit(1);
  }
}

/** @param {string[]} args */
function readPort(args) {
  const { values } = parseArgs({ args, options: { port: { type: 'string', default: '5173' } } });
  const port = Number(values.port);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw createExpectedError(`--port is ${values.port}, and a port is a whole number from 1 to 65535.`);
}

/** The Vite plugin of the project starts the relay with the server and closes it with it. @param {number} port */
async function serve(port) {
  const { createServer } = await import('vite');
  const server = await createServer({
    configFile: join(root, 'vite.config.ts'),
    root: join(root, 'demo'),
    server: { port, strictPort: true },
    logLevel: 'warn',
    clearScreen: false,
  });
  try {
    await server.listen();
  } catch (error) {
    await server.close();
    throw isPortTaken(error)
      ? createExpectedError(
          `Port ${port} is taken by another program: end that, or choose another port with npm start -- --port N.`,
        )
      : error;
  }
}

/** @param {unknown} error */
function isPortTaken(error) {
  return error instanceof Error && /^Port \d+ is already in use$/.test(error.message);
}
