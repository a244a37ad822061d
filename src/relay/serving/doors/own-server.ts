import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKernelError } from '../../../base/kernel-error.ts';
import type { RelayLimits } from '../../config/relay-options.ts';
import { countedAddress } from '../client-address.ts';
import type { HttpFront } from '../http-front.ts';
import { urlHost, type Door } from './door.ts';

const maxRequestMs = 3_600_000;
/** Connections of clients that get a refusal, or that are no clients. */
const otherPerAddress = 100;

/** Throws RELAY_PORT_TAKEN, or RELAY_SETTING_INVALID if it cannot listen on this host and port. */
export async function openOwnServer(
  host: string,
  port: number,
  front: Pick<HttpFront, 'answer' | 'upgrade'>,
  limits: Pick<RelayLimits, 'connections' | 'connectionsPerAddress' | 'firstFrameMs'>,
  /** A connection was not accepted, for example because no file descriptor was free. */
  failed: (error: unknown) => void,
  /** The setting that chooses the port. */
  setting = '--port',
): Promise<Door> {
  const { connections, connectionsPerAddress, firstFrameMs } = limits;
  const server = createServer(
    {
      headersTimeout: firstFrameMs,
      // `readBody` enforces its own time limit, which grows with the body.
      requestTimeout: maxRequestMs,
      // Keep idle connections long enough that a client rarely sends a request just as its connection closes.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: Math.min(firstFrameMs, 5_000),
    },
    front.answer,
  );
  // A client over HTTP has two connections. Leave room for clients that get a refusal, and for requests to /health.
  server.maxConnections = 2 * connections + 1_000;
  // Connections that send no request would otherwise take all of these.
  limitPerAddress(server, 2 * connectionsPerAddress + otherPerAddress);
  server.on('upgrade', front.upgrade);
  await listen(server, host, port, setting);
  server.on('error', failed);
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  const { port: listening } = server.address() as AddressInfo;
  return {
    port: listening,
    url: `http://${urlHost(host)}:${listening}`,
    close() {
      server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

function limitPerAddress(server: Server, max: number): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = countedAddress(socket.remoteAddress ?? 'unknown');
    const count = counts.get(address) ?? 0;
    if (count >= max) return void socket.destroy();
    counts.set(address, count + 1);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  });
}

function listen(server: Server, host: string, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', refused);
    server.listen(port, host, () => {
      server.off('error', refused);
      resolve();
    });

    function refused(cause: NodeJS.ErrnoException): void {
      reject(
        cause.code === 'EADDRINUSE'
          ? createKernelError(
              'RELAY_PORT_TAKEN',
              `Port ${port} on ${host} is in use by another program. Stop that program, or choose another ${setting}.`,
              { cause },
            )
          : createKernelError(
              'RELAY_SETTING_INVALID',
              `The relay cannot listen on ${host}, port ${port}. Check that the address belongs to this machine and that this user may use the port.`,
              { cause },
            ),
      );
    }
  });
}
