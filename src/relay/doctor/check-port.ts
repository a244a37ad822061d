import { createServer } from 'node:net';
import type { RelayOptions } from '../config/relay-options.ts';
import { fine, wrong, type Finding } from './finding.ts';

const answerWithinMs = 2_000;

/** `isOurs` is true if a relay answers on the port, of these settings as far as that is known. */
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
    const text = `A relay is running on ${where} and reports the status ok. To start another one beside it, choose another --port.`;
    return { finding: fine('port', text), isOurs: true };
  }
  if (status !== undefined) {
    const text = `The relay running on ${where} reports the status ${status}. Check its log.`;
    return { finding: wrong('port', text), isOurs: true };
  }
  const text = `${where} is in use by another program. Stop that program, or choose another --port.`;
  return { finding: wrong('port', text), isOurs: false };
}

/** A start with this directory would find the port taken. */
export function otherRelay(host: string, port: number, directory: string): Finding {
  const text = `The relay running on ${port} on ${host} does not use ${directory}. Stop it, or choose another --port.`;
  return wrong('port', text);
}

/** The ports besides that of the clients. A relay that is running has them. */
export async function checkOtherPorts(
  { host = '127.0.0.1', metricsPort, adminPort }: RelayOptions,
  isRelayRunning: boolean,
): Promise<readonly Finding[]> {
  if (isRelayRunning) return [];
  const others = [
    [metricsPort, host, 'the metrics', 'METRICS_PORT'],
    [adminPort, '127.0.0.1', 'the admin API', 'ADMIN_PORT'],
  ] as const;
  const findings: Finding[] = [];
  for (const [port, address, what, setting] of others) {
    if (port === undefined) continue;
    const where = `${port} on ${address}, for ${what},`;
    const code = await tryToListen(address, port);
    if (code === undefined) findings.push(fine('port', `${where} is free.`));
    else if (code === 'EADDRINUSE')
      findings.push(
        wrong(
          'port',
          `${where} is in use by another program. Stop that program, or choose another ${setting}.`,
        ),
      );
    else findings.push(wrong('port', `Cannot listen on ${where} (${code}). Choose another ${setting}.`));
  }
  return findings;
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
