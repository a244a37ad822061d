import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import { answerPreflight, channelHeader, refuse, refuseOrigin, type OriginCheck } from './cross-origin.ts';
import { createHttpSocket, type HttpSocket } from './http-socket.ts';
import { readBody } from './read-body.ts';

export const notAccepting = 'The relay is starting or stopping. Try again in a moment.';

/** Serves clients over HTTP: `GET` opens an event stream, and `POST` with the secret of the stream sends a message. */
export interface HttpChannels {
  /** Answers a request for the path of an app. Returns false if the request is not for a channel. */
  answer(request: IncomingMessage, response: ServerResponse, appID?: string): boolean;
}

export interface HttpChannelsOptions {
  /** The maximum size of a request body, in bytes. */
  readonly maxPayload: number;
  /** How long a body may stall in total, including before it starts. */
  readonly bodyMs: number;
  readonly clock: Clock;
  readonly origins: OriginCheck;
  /** Resolves with false if no channel of this app can be opened at present. Absent if one always can. */
  prepare?(appID: string | undefined): Promise<boolean>;
  open(request: IncomingMessage, socket: HttpSocket, appID: string | undefined): void;
}

export function createHttpChannels(options: HttpChannelsOptions): HttpChannels {
  const { maxPayload, bodyMs, clock, origins, open, prepare } = options;
  /** A channel is used at the path at which it was opened. */
  const sockets = new Map<string, HttpSocket>();
  const keyOf = (appID: string | undefined, channel: string) => `${appID ?? ''}/${channel}`;
  /** Sockets with an unanswered request. Only one at a time, to keep messages in order. */
  const busy = new Set<HttpSocket>();
  /** The requests of sockets whose body is being read. */
  const uploads = new Map<HttpSocket, IncomingMessage>();

  async function openStream(
    request: IncomingMessage,
    response: ServerResponse,
    appID: string | undefined,
  ): Promise<void> {
    if (prepare && !(await prepare(appID))) return refuse(response, 503, notAccepting);
    if (response.destroyed) return;
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
    sockets.set(keyOf(appID, channel), socket);
    socket.on('close', () => {
      sockets.delete(keyOf(appID, channel));
      // The rest of the body would only take memory.
      uploads.get(socket)?.destroy();
    });
    open(request, socket, appID);
  }

  async function takePost(
    request: IncomingMessage,
    response: ServerResponse,
    appID: string | undefined,
  ): Promise<void> {
    const channel = request.headers[channelHeader];
    const socket = typeof channel === 'string' ? sockets.get(keyOf(appID, channel)) : undefined;
    if (!socket || socket.readyState !== socket.OPEN)
      return refuse(response, 410, 'There is no such channel.');
    if (busy.has(socket))
      return refuse(response, 409, 'Another request on this channel is still open. Send one at a time.');
    busy.add(socket);
    uploads.set(socket, request);
    try {
      const body = await readBody(request, {
        ...{ maxBytes: maxPayload, waitMs: bodyMs, clock },
        arrived: socket.arrived,
      });
      uploads.delete(socket);
      if (body === 'too large') {
        refuse(response, 413, `The body is longer than ${maxPayload} bytes.`);
        return socket.terminate();
      }
      if (body === 'too many chunks') {
        refuse(response, 413, 'The chunks of the body are too short.');
        return socket.terminate();
      }
      if (body === 'too slow') return refuse(response, 408, 'The body arrived too slowly.');
      if (body === 'broken') return;
      await socket.take(body);
      response.writeHead(204).end();
    } finally {
      busy.delete(socket);
      uploads.delete(socket);
    }
  }

  return {
    answer(request, response, appID) {
      const { method = '', headers } = request;
      const { accept = '' } = headers;
      const isOpening = method === 'GET' && accept.includes('text/event-stream');
      if (!isOpening && method !== 'POST' && method !== 'OPTIONS') return false;
      if (refuseOrigin(request, response, origins)) return true;
      if (isOpening) void openStream(request, response, appID);
      else if (method === 'POST') void takePost(request, response, appID);
      else answerPreflight(response);
      return true;
    },
  };
}
