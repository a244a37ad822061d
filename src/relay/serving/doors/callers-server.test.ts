import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openHttpClient } from '../../../../test/support/relay/http-client.ts';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { createHttpFront, type HttpFront } from '../http-front.ts';
import { enterServer } from './callers-server.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { readHealth, startRelay } from '../../../../test/support/relay/test-relay.ts';

const app: RequestListener = (asked, response) => {
  asked.resume().on('end', () => response.end(`The app answers ${asked.url}.`));
};

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { readonly port: number };
  return `http://127.0.0.1:${port}`;
}

const read = async (url: string) => (await fetch(url)).text();

/** A front that has the path `/sync` alone, and a server of an app that it has entered. */
async function setUp() {
  const server = createServer(app);
  const front = createHttpFront({
    placeOf: (path) => (path === '/sync' ? { appID: undefined, part: 'sync' } : undefined),
    health: () => ({ ready: true, reasons: [] }) as never,
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: 'metrics' }),
    upgrade: (_, socket) => {
      socket.end('HTTP/1.1 503 Taken\r\n\r\n');
      return true;
    },
    sync: (_, response) => {
      response.end('The relay answers.');
      return true;
    },
    origins: { allows: () => true, refused() {} },
    failed() {},
  });
  return { server, door: enterServer(server, front), url: await listen(server) };
}

/** Offers an upgrade, and resolves with the status and the body. */
async function offer(url: string, { method = 'GET', body = '' } = {}): Promise<[number, string]> {
  const headers = { connection: 'upgrade', upgrade: 'h2c', ...(body && { 'content-length': body.length }) };
  const asked = request(url, { method, headers }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  return [response.statusCode ?? 0, text];
}

describe('a server of the caller', () => {
  it('[RELAY-44] gets all requests for other paths, and listeners that are added later get no more', async () => {
    const { server, url } = await setUp();
    const late: string[] = [];
    server.on('request', (asked) => late.push(asked.url ?? ''));
    for (const path of ['/', '/sync/app', '/synchronous', '/health/x', '/metrics/x']) {
      expect(await read(url + path)).toBe(`The app answers ${path}.`);
    }
    expect(await read(`${url}/sync?x`)).toBe('The relay answers.');
    expect(await read(`${url}/metrics`)).toBe('metrics');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(late).toEqual(['/', '/sync/app', '/synchronous', '/health/x', '/metrics/x']);
  });

  it('[RELAY-44] answers requests that offer an upgrade which nobody wants as before', async () => {
    const { url } = await setUp();
    expect(await offer(`${url}/page`)).toEqual([200, 'The app answers /page.']);
    expect((await offer(`${url}/page`, { method: 'POST', body: 'text' }))[0]).toBe(501);
    expect((await offer(`${url}/sync`))[0]).toBe(503);
  });

  it('[RELAY-44] opens its own WebSockets as before', async () => {
    const { server, url } = await setUp();
    const sockets = new WebSocketServer({ server, path: '/app' });
    onTestFinished(() => sockets.close());
    const socket = new WebSocket(`${url}/app`);
    await once(socket, 'open');
    socket.close();
    await expect(once(new WebSocket(`${url}/sync`), 'open')).rejects.toThrow('503');
  });

  it('[RELAY-44] gets its paths back', async () => {
    const { server, door, url } = await setUp();
    await door.close();
    expect(await read(`${url}/sync`)).toBe('The app answers /sync.');
    expect(await offer(`${url}/sync`)).toEqual([200, 'The app answers /sync.']);
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});

it('[RELAY-44] an HTTPS server has its own scheme', async () => {
  const server = createSecureServer();
  const door = enterServer(server, {} as HttpFront);
  expect([door.port, door.url]).toEqual([0, 'https://localhost:0']);
  const { port } = new URL(await listen(server));
  expect([door.port, door.url]).toEqual([Number(port), `https://127.0.0.1:${port}`]);
});

describePostgres('a relay on a server of the caller', () => {
  it('[RELAY-44] serves clients there, and leaves the server open when it closes', async () => {
    const server = createServer(app);
    const relay = await startRelay({ server, storage: await createPostgres() });
    expect(relay.port).toBe(0);
    const url = await listen(server);
    expect(relay.url).toBe(url);
    const client = await openRawClient(url);
    const httpClient = await openHttpClient(url);
    expect((await readHealth(relay)).body).toMatchObject({ ready: true, connections: 2 });
    expect(await read(`${url}/page`)).toBe('The app answers /page.');
    await relay.close();
    await client.waitFor({ maia: 'refused', code: 'draining' });
    await httpClient.waitFor(({ hasEnded }) => hasEnded);
    expect(server.listening).toBe(true);
    expect(await read(`${url}/health`)).toBe('The app answers /health.');
  });
});
