import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createKernelError } from '../../base/kernel-error.ts';
import { letPageRead } from '../client/http/cross-origin.ts';
import type { RelayLimits } from '../config/relay-options.ts';

export interface HttpFront {
  readonly port: number;
  /** Refuses new connections; open ones stay. */
  stopAccepting(): void;
  /** Resolves once the port is free. */
  close(): Promise<void>;
}

export interface HttpFrontHandlers {
  health(): Health;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Accepts a WebSocket for `/sync`. Returns false if the relay is not accepting any. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Answers any other request for `/sync`. Returns false if the request is not for a channel. */
  sync(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether a page of this origin may connect. `origin` is undefined for clients that are not browsers. */
  allows(origin: string | undefined): boolean;
  /** A connection was not accepted, for example because no file descriptor was free, or a request failed. */
  failed(message: string, error: unknown): void;
}

/** The response to `GET /health`: 200 while `ready`, otherwise 503. */
export interface Health {
  readonly status: 'starting' | 'ok' | 'failing' | 'draining';
  readonly ready: boolean;
  readonly storage: {
    readonly kind: string;
    readonly durability?: string;
    /** Messages waiting to be committed. */
    readonly pending?: number;
    readonly error?: string;
  };
  readonly connections: number;
  readonly uptimeMs: number;
  readonly version: string;
}

const maxRequestMs = 3_600_000;

const nothingHere =
  'This is a sync relay. Clients open a WebSocket or an event stream at /sync. GET /health returns its status and GET /metrics its metrics.\n';

/** Throws RELAY_PORT_TAKEN, or RELAY_SETTING_INVALID if it cannot listen on this host and port. */
export async function openHttpFront(
  host: string,
  port: number,
  handlers: HttpFrontHandlers,
  { connections, firstFrameMs }: Pick<RelayLimits, 'connections' | 'firstFrameMs'>,
): Promise<HttpFront> {
  const server = createServer(
    {
      headersTimeout: firstFrameMs,
      // `readBody` enforces its own time limit, which grows with the body.
      requestTimeout: maxRequestMs,
      // Keep idle connections long enough that a client rarely sends a request just as its connection closes.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: Math.min(firstFrameMs, 5_000),
    },
    (request, response) => answer(request, response, handlers),
  );
  // A client over HTTP has two connections. Leave room for clients that get a refusal, and for requests to /health.
  server.maxConnections = 2 * connections + 1_000;
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (pathOf(request) !== '/sync') refuseUpgrade(socket, '404 Not Found', nothingHere);
    else if (!handlers.allows(request.headers.origin)) {
      refuseUpgrade(
        socket,
        '403 Forbidden',
        'Pages from this origin are not allowed to connect to this relay.\n',
      );
    } else if (!handlers.upgrade(request, socket, head)) {
      refuseUpgrade(
        socket,
        '503 Service Unavailable',
        'The relay is starting or stopping. Try again in a moment.\n',
      );
    }
  });
  await listen(server, host, port);
  server.on('error', (error) => handlers.failed('Could not accept a connection', error));
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stopAccepting: () => void server.close(),
    close() {
      server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, handlers: HttpFrontHandlers): void {
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  const path = pathOf(request);
  if (isReading && path === '/metrics') return answerMetrics(response, handlers);
  if (isReading && path === '/health') return answerHealth(response, handlers.health());
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin !== undefined && handlers.allows(origin)) letPageRead(origin, response);
  if (path === '/sync' && handlers.sync(request, response)) return;
  // The body is not read.
  const close = !isReading && { connection: 'close' };
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', ...close }).end(nothingHere);
}

function answerHealth(response: ServerResponse, health: Health): void {
  response
    .writeHead(health.ready ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(health)}\n`);
}

function answerMetrics(response: ServerResponse, { metrics, failed }: HttpFrontHandlers): void {
  metrics().then(
    ({ contentType, body }) =>
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body),
    (error: unknown) => {
      failed('Could not read the metrics', error);
      response.writeHead(500).end();
    },
  );
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function refuseUpgrade(socket: Duplex, status: string, body: string): void {
  // The client may keep its half open forever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function listen(server: Server, host: string, port: number): Promise<void> {
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
              `Port ${port} on ${host} is in use by another program. Stop that program, or give the relay another port.`,
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
