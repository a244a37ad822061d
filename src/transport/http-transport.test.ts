import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { freePort } from '../../test/support/relay/free-port.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { watchChannel } from '../../test/support/transport/watched-channel.ts';
import { createHttpTransport } from './http-transport.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

describeTransport('HTTP in Node', () => ({
  transport: createHttpTransport({ fetch, clock: systemClock }),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));

describe('the answer of a server that is not a relay', () => {
  it.each([
    [404, 'text/plain', 'RELAY_NOT_A_RELAY'],
    [200, 'text/html', 'RELAY_NOT_A_RELAY'],
    [503, 'text/plain', 'RELAY_UNREACHABLE'],
    [403, 'text/plain', 'RELAY_UNREACHABLE'],
  ])('is in the error: %i, %s', async (status, type, code) => {
    const http = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end('hi');
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = new URL(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/sync`);
    const watched = watchChannel(createHttpTransport({ fetch, clock: systemClock }), url);
    await watched.closed();
    http.close();
    const isRelay = code === 'RELAY_UNREACHABLE';
    expect(watched.error).toMatchObject({ code, details: isRelay ? { status } : { status, type } });
  });

  it('is reported as unreadable if the browser withholds it from the page', async () => {
    const asked: unknown[] = [];
    const opaque = { ok: false, status: 0, headers: new Headers(), body: null };
    const transport = createHttpTransport({
      fetch(_url, init) {
        asked.push(init?.mode);
        return init?.mode === 'no-cors'
          ? Promise.resolve(opaque as Response)
          : Promise.reject(new TypeError('Failed to fetch'));
      },
      clock: systemClock,
    });
    const watched = watchChannel(transport, new URL('ws://relay.example/sync'));
    await watched.closed();
    expect(asked).toEqual([undefined, 'no-cors']);
    expect(watched.error).toMatchObject({ code: 'RELAY_UNREACHABLE', details: { status: 0 } });
    expect(watched.error?.message).toMatch(
      /^The server at relay\.example gave an answer that cannot be read here\. /,
    );
    expect(watched.error?.message).not.toContain('status');
  });
});

it('names neither a browser nor a policy in Node, where nothing answers', async () => {
  const port = await freePort();
  const url = new URL(`ws://127.0.0.1:${port}/sync`);
  const watched = watchChannel(createHttpTransport({ fetch, clock: systemClock }), url);
  await watched.closed();
  expect(watched.error).toMatchObject({ code: 'RELAY_UNREACHABLE' });
  expect(watched.error?.message).toBe(
    `Nothing answers at 127.0.0.1:${port}. Retrying automatically; check that a relay is running there and that the address is correct. Edits wait on this device.`,
  );
});
