import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createExpectedError, printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

const root = join(import.meta.dirname, '..');

/**
 * Serves the demo until the process is told to end. What goes wrong is said in one sentence, with exit code 1.
 * @param {string[]} args the command's own: `--port N` for the page, `--relay-port N` for the relay
 */
export async function serveDemo(args) {
  try {
    const { port, relayPort } = readPorts(args);
    await refuseTaken(port);
    installMissing();
    await serve(port, relayPort);
    endWithParent();
    console.log(`The demo is on http://localhost:${port}/ (its data in ./local-sync.db; Ctrl-C ends it).`);
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
  throw createExpectedError(`${option} is ${text}, and a port is a whole number from 1 to 65535.`);
}

/** Asked first: it would be a pity to make a database for a page that cannot be served. @param {number} port */
async function refuseTaken(port) {
  const server = createTcpServer();
  try {
    await once(server.listen(port, 'localhost'), 'listening');
  } catch (cause) {
    const sentence = `Port ${port} cannot be had: another program uses it. End that, or choose a port with npm start -- --port N.`;
    throw createExpectedError(sentence, { cause });
  }
  server.close();
  await once(server, 'close');
}

/** The project's Vite plugin starts the relay with the server and closes it with it. @param {number} port @param {number} relayPort */
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

/** npm hands a signal on to its shell, and the shell to nobody: it just goes, and leaves this process behind. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}
