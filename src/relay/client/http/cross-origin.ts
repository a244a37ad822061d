import type { ServerResponse } from 'node:http';

/** Carries a secret between relay and client, never logged: it permits sending in the channel. */
export const channelHeader = 'maia-channel';

/** Lets a page of this origin read the response, also a refusal: otherwise it cannot tell one from a lost network. */
export function letPageRead(origin: string, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', channelHeader);
}

/** Lets a page send requests with the secret of its channel. */
export function answerPreflight(response: ServerResponse): void {
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': channelHeader,
      'access-control-max-age': '7200',
    })
    .end();
}
