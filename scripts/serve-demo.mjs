import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endWithParent } from './end-with-parent.mjs';
import { createExpectedError, printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

const root = join(import.meta.dirname, '..');

/**
 * Serves the demo until the process is terminated. Prints an error and exits with code 1 on failure.
 * @param {string[]} args `--port N` for the page, `--relay-port N` for the relay
 */
export async function serveDemo(args) {
  try {
    const { port, relayPort } = readPorts(args);
    await refuseTaken(port);
    installMissing();
    await serve(port, relayPort);
    endWithParent();
    console.log(
      `The demo is running at http://localhost:${port}/. Its data is in ./local-sync.db. Press Ctrl-C to stop it.`,
    );
  } catch (error) {
    printError(error);
    process.exit(1);
  }
}

/** @param {string[]} args */
function readPorts(args) {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '5173' },
      'relay-port': { type: 'string', default: '4203' },
    },
  });
  return { port: readPort('--port', values.port), relayPort: readPort('--relay-port', values['relay-port']) };
}

/** @param {string} option @param {string} text */
function readPort(option, text) {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw createExpectedError(`${option} is ${text}, but a port must be a whole number from 1 to 65535.`);
}

/** Checks the port before the relay creates its database. @param {number} port */
async function refuseTaken(port) {
  const server = createTcpServer();
  try {
    await once(server.listen(port, 'localhost'), 'listening');
  } catch (cause) {
    const sentence = `Port ${port} is in use by another program. End that program, or choose another port with npm start -- --port N.`;
    throw createExpectedError(sentence, { cause });
  }
  server.close();
  await once(server, 'close');
}

/** The project's Vite plugin starts and closes the relay with the server. @param {number} port @param {number} relayPort */
async function serve(port, relayPort) {
  process.env['RELAY_PORT'] = String(relayPort);
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
    throw error;
  }
}
