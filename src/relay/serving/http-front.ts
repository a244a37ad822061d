import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { letPageRead, refuse, wrongOrigin, type OriginCheck } from '../client/http/cross-origin.ts';
import { notAccepting } from '../client/http/http-channels.ts';
import type { SyncPlace } from '../../wire/sync-path.ts';
import { isProbe, probeReasons, type Health } from './health.ts';

/** What the relay answers over HTTP, on whatever server. */
export interface HttpFront {
  /** Whether the request is for a path of the relay. */
  owns(request: IncomingMessage): boolean;
  /** Refuses what is for another path. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface HttpFrontHandlers {
  /** Which clients a path is for. Undefined if it is for none. */
  placeOf(path: string): SyncPlace | undefined;
  health(): Health;
  /** Undefined if they are served elsewhere. */
  readonly metrics: (() => Promise<{ readonly contentType: string; readonly body: string }>) | undefined;
  /** Accepts a WebSocket. Returns false if the relay is not accepting any. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, place: SyncPlace): boolean;
  /** Answers any other request for a path of `sync-path`. Returns false if nothing is served so. */
  sync(request: IncomingMessage, response: ServerResponse, place: SyncPlace): boolean;
  readonly origins: OriginCheck;
  /** A request failed. */
  failed(message: string, error: unknown): void;
}

const nothingHere =
  'This is a sync relay. Clients open a WebSocket or an event stream at /sync, or send requests to it. GET /health returns its status and GET /metrics its metrics.\n';

const noTokensHere =
  'Addresses must not contain tokens, because proxies log them. Send the token in an `auth` frame, or in the header `Authorization`.\n';

export function createHttpFront(handlers: HttpFrontHandlers): HttpFront {
  return {
    owns(request) {
      const path = pathOf(request);
      if (path === '/metrics') return handlers.metrics !== undefined;
      return handlers.placeOf(path) !== undefined || path === '/health' || isProbe(path);
    },
    answer(request, response) {
      setCommonHeaders(response);
      answer(request, response, handlers);
    },
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const place = handlers.placeOf(pathOf(request));
      if (place?.part !== 'sync' && place?.part !== 'ws') refuseUpgrade(socket, '404 Not Found', nothingHere);
      else if (hasToken(request)) refuseUpgrade(socket, '400 Bad Request', noTokensHere);
      else if (!handlers.origins.allows(request.headers.origin)) {
        handlers.origins.refused(request);
        refuseUpgrade(socket, '403 Forbidden', `${wrongOrigin}\n`);
      } else if (!handlers.upgrade(request, socket, head, place)) {
        refuseUpgrade(socket, '503 Service Unavailable', `${notAccepting}\n`);
      }
    },
  };
}

/** Answers `/metrics` alone. */
export function createMetricsFront({
  metrics,
  failed,
}: {
  readonly metrics: NonNullable<HttpFrontHandlers['metrics']>;
  readonly failed: HttpFrontHandlers['failed'];
}): Pick<HttpFront, 'answer' | 'upgrade'> {
  const text = 'This port of a sync relay has only its metrics: GET /metrics.\n';
  return {
    answer(request, response) {
      setCommonHeaders(response);
      if (isRead(request) && pathOf(request) === '/metrics') answerMetrics(response, metrics, failed);
      else answerNotFound(request, response, text);
    },
    upgrade: (_, socket) => refuseUpgrade(socket, '404 Not Found', text),
  };
}

function setCommonHeaders(response: ServerResponse): void {
  response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff');
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function answer(request: IncomingMessage, response: ServerResponse, handlers: HttpFrontHandlers): void {
  const isReading = isRead(request);
  const path = pathOf(request);
  const { metrics, failed } = handlers;
  if (isReading && path === '/metrics' && metrics) return answerMetrics(response, metrics, failed);
  if (isReading && path === '/health') {
    const health = handlers.health();
    return answerHealth(response, health.ready, health);
  }
  const reasons = isReading ? probeReasons(path, handlers.health()) : undefined;
  if (reasons) return answerHealth(response, reasons.length === 0, { reasons });
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin !== undefined && handlers.origins.allows(origin)) letPageRead(origin, response);
  const place = handlers.placeOf(path);
  if (place && hasToken(request)) return refuse(response, 400, noTokensHere.trimEnd());
  if (place && handlers.sync(request, response, place)) return;
  answerNotFound(request, response, nothingHere);
}

function answerNotFound(request: IncomingMessage, response: ServerResponse, text: string): void {
  // The body is not read.
  const close = !isRead(request) && { connection: 'close' };
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', ...close }).end(text);
}

function answerHealth(response: ServerResponse, isFine: boolean, body: object): void {
  response
    .writeHead(isFine ? 200 : 503, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(body)}\n`);
}

function answerMetrics(
  response: ServerResponse,
  metrics: NonNullable<HttpFrontHandlers['metrics']>,
  failed: HttpFrontHandlers['failed'],
): void {
  metrics().then(
    ({ contentType, body }) => response.writeHead(200, { 'content-type': contentType }).end(body),
    (error: unknown) => {
      failed('Could not read the metrics', error);
      response.writeHead(500).end();
    },
  );
}

/** Proxies write addresses to their logs. */
function hasToken({ url = '' }: IncomingMessage): boolean {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  return ['token', 'access_token', 'jwt', 'auth'].some((name) => query.has(name));
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

export function refuseUpgrade(socket: Duplex, status: string, body: string): void {
  // The client may keep its half open forever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      'cache-control: no-store\r\nx-content-type-options: nosniff\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
