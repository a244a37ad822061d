import type { IncomingMessage, ServerResponse } from 'node:http';

/** Carries a secret between relay and client, never logged: it permits sending in the channel. */
export const channelHeader = 'maia-channel';

export const wrongOrigin = 'Pages from this origin are not allowed to connect to this relay.';

/** Lets a page of this origin read the response, also a refusal: otherwise it cannot tell one from a lost network. */
export function letPageRead(origin: string, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', `${channelHeader}, retry-after`);
}

/** What clients without a connection send. */
const requestHeaders = [channelHeader, 'authorization', 'content-type', 'x-app-version', 'x-client-id'];

/** Lets a page send requests with the secret of its channel, or with a token. */
export function answerPreflight(response: ServerResponse): void {
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': requestHeaders.join(', '),
      'access-control-max-age': '7200',
    })
    .end();
}

/** Which pages may connect. */
export interface OriginCheck {
  /** `origin` is undefined for clients that are not browsers. */
  allows(origin: string | undefined): boolean;
  /** A request was refused because of its page. */
  refused(request: IncomingMessage): void;
}

/** Refuses a request of a page that may not connect. Returns whether it was refused. */
export function refuseOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: OriginCheck,
): boolean {
  const { origin, 'sec-fetch-mode': mode } = request.headers;
  // A page that makes a `no-cors` request sends no origin.
  if (origins.allows(origin) && mode !== 'no-cors') return false;
  origins.refused(request);
  // Such a page may read only this refusal from the relay, so that it can name the cause.
  if (origin !== undefined) letPageRead(origin, response);
  refuse(response, 403, wrongOrigin);
  return true;
}

/** Also closes the connection, so that the rest of the request is not read. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${reason}\n`);
}
