import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { ClientSocket } from '../client-socket.ts';
import { answerPreflight, channelHeader, letPageRead } from './cross-origin.ts';
import { createHttpSocket, type HttpSocket } from './http-socket.ts';
import { readBody } from './read-body.ts';

/** Serves clients over HTTP: `GET` opens an event stream, and `POST` with the secret of the stream sends a message. */
export interface HttpChannels {
  /** Answers a request for `/sync`. Returns false if the request is not for a channel. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface HttpChannelsOptions {
  /** The maximum size of a request body, in bytes. */
  readonly maxPayload: number;
  /** How long a body may stall in total, including before it starts. */
  readonly bodyMs: number;
  readonly clock: Clock;
  /** Whether a page of this origin may connect; undefined for clients that are not browsers. */
  allows(origin: string | undefined): boolean;
  open(request: IncomingMessage, socket: ClientSocket): void;
}

export function createHttpChannels(options: HttpChannelsOptions): HttpChannels {
  const { maxPayload, bodyMs, clock, allows, open } = options;
  const sockets = new Map<string, HttpSocket>();
  /** Sockets with an unanswered request. Only one at a time, to keep messages in order. */
  const busy = new Set<HttpSocket>();

  function openStream(request: IncomingMessage, response: ServerResponse): void {
    const channel = randomBytes(16).toString('base64url');
    const socket = createHttpSocket(response, clock);
    // Send the head before the first frame, and register the channel in the same turn, before the client can use it.
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      [channelHeader]: channel,
      // nginx would buffer events otherwise.
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    sockets.set(channel, socket);
    socket.on('close', () => sockets.delete(channel));
    open(request, socket);
  }

  async function takePost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = request.headers[channelHeader];
    const socket = typeof channel === 'string' ? sockets.get(channel) : undefined;
    if (!socket || socket.readyState !== socket.OPEN)
      return refuse(response, 410, 'There is no such channel.');
    if (busy.has(socket))
      return refuse(response, 409, 'Another request on this channel is still open. Send one at a time.');
    busy.add(socket);
    try {
      const body = await readBody(request, { maxBytes: maxPayload, waitMs: bodyMs, clock });
      if (body === 'too large') {
        refuse(response, 413, `The body is longer than ${maxPayload} bytes.`);
        return socket.terminate();
      }
      if (body === 'too slow') return refuse(response, 408, 'The body arrived too slowly.');
      if (body === 'broken') return;
      await socket.take(body);
      response.writeHead(204).end();
    } finally {
      busy.delete(socket);
    }
  }

  return {
    answer(request, response) {
      const { method = '', headers } = request;
      const { origin, accept = '', 'sec-fetch-mode': mode } = headers;
      const isOpening = method === 'GET' && accept.includes('text/event-stream');
      if (!isOpening && method !== 'POST' && method !== 'OPTIONS') return false;
      response.setHeader('cache-control', 'no-store');
      // A page that makes a `no-cors` request sends no origin.
      if (!allows(origin) || mode === 'no-cors') {
        // This refusal is all that such a page may read of the relay: it can name the cause.
        if (origin !== undefined) letPageRead(origin, response);
        refuse(response, 403, 'Pages from this origin are not allowed to connect to this relay.');
        return true;
      }
      if (isOpening) openStream(request, response);
      else if (method === 'POST') void takePost(request, response);
      else answerPreflight(response);
      return true;
    },
  };
}

/** Also closes the connection, so that the rest of the request is not read. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${reason}\n`);
}
