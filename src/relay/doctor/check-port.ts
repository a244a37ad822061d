import { createServer } from 'node:net';
import { fine, wrong, type Finding } from './finding.ts';

const answerWithinMs = 2_000;

/** `isOurs` where a relay answers there already. */
export async function checkPort(host: string, port: number): Promise<{ finding: Finding; isOurs: boolean }> {
  if (port === 0) return { finding: fine('port', `Any free one on ${host}.`), isOurs: false };
  const where = `${port} on ${host}`;
  const code = await tryToListen(host, port);
  if (code === undefined) return { finding: fine('port', `${where} is free.`), isOurs: false };
  if (code !== 'EADDRINUSE') {
    const text = `${where} cannot be listened on (${code}). Give --host an address of this machine, and --port one that this user may use.`;
    return { finding: wrong('port', text), isOurs: false };
  }
  const status = await askRelay(host, port);
  if (status === 'ok') {
    return { finding: fine('port', `A relay runs on ${where}, and says it is ok.`), isOurs: true };
  }
  if (status !== undefined) {
    const text = `The relay that runs on ${where} says it is ${status}. Read its log.`;
    return { finding: wrong('port', text), isOurs: true };
  }
  const text = `${where} is in use by another program. Stop that one, or give the relay another --port.`;
  return { finding: wrong('port', text), isOurs: false };
}

/** The system's code for why not; undefined where it can be done. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** What a relay there says of itself; undefined where none answers. */
async function askRelay(host: string, port: number): Promise<string | undefined> {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/health`, {
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const health: unknown = await response.json();
    const isRelay = typeof health === 'object' && health !== null && 'ready' in health && 'status' in health;
    return isRelay ? String(health.status) : undefined;
  } catch {
    // What is there does not speak HTTP, or not in time, or not JSON: it is no relay.
    return undefined;
  }
}
