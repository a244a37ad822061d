import { createServer } from 'node:net';
import { fine, wrong, type Finding } from './finding.ts';

const answerWithinMs = 2_000;

/** `isOurs` is true if a relay answers on the port. */
export async function checkPort(host: string, port: number): Promise<{ finding: Finding; isOurs: boolean }> {
  if (port === 0) return { finding: fine('port', `Any free port on ${host}.`), isOurs: false };
  const where = `${port} on ${host}`;
  const code = await tryToListen(host, port);
  if (code === undefined) return { finding: fine('port', `${where} is free.`), isOurs: false };
  if (code !== 'EADDRINUSE') {
    const text = `Cannot listen on ${where} (${code}). Set --host to an address of this machine, and --port to a port that this user may use.`;
    return { finding: wrong('port', text), isOurs: false };
  }
  const status = await askRelay(host, port);
  if (status === 'ok') {
    return {
      finding: fine('port', `A relay is running on ${where} and reports the status ok.`),
      isOurs: true,
    };
  }
  if (status !== undefined) {
    const text = `The relay running on ${where} reports the status ${status}. Check its log.`;
    return { finding: wrong('port', text), isOurs: true };
  }
  const text = `${where} is in use by another program. Stop that program, or choose another --port.`;
  return { finding: wrong('port', text), isOurs: false };
}

/** Resolves with the system error code; undefined if listening succeeds. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

/** Resolves with the status that a relay reports; undefined if there is no relay. */
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
    // No HTTP, no JSON or no response in time: not a relay.
    return undefined;
  }
}
