import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStoragePlace } from '../database/storage-place.ts';
import type { Relay } from '../index.ts';
import { createRelayOn } from '../relay.ts';
import { freePort } from '../../../test/support/relay/free-port.ts';
import { openHttpClient } from '../../../test/support/relay/http-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { openRelay, readHealth, startRelay } from '../../../test/support/relay/test-relay.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ storage: `pglite:${await createStorage()}` });
});
afterAll(() => relay.close());

const page = 'https://app.example.org';
const readableBy = ({ headers }: Response) => headers.get('access-control-allow-origin');

it.each(['/health', '/metrics', '/sync', '/other'])(
  '[RELAY-34] the answer of %s is neither cached nor taken for another type',
  async (path) => {
    const { headers } = await fetch(`${relay.url}${path}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

describe('a page of an allowed origin', () => {
  const origins = [page];
  const ask = (url: string, method = 'GET', origin = page) =>
    fetch(url, { method, headers: { origin, accept: 'text/event-stream' } });

  it('can read that the relay starts, and nobody else can', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/sync`;
    const answers: [string, number, string | null, string | null][] = [];
    const starting = await createRelayOn(
      async (place, logger) => {
        for (const method of ['GET', 'OPTIONS', 'POST']) {
          const answer = await ask(url, method);
          answers.push([method, answer.status, readableBy(answer), answer.headers.get('vary')]);
        }
        expect(readableBy(await ask(url, 'GET', 'https://evil.example.org'))).toBe(null);
        return openStoragePlace(place, logger);
      },
      { port, origins, storage: `pglite:${await createStorage()}` },
    );
    await starting.close();
    expect(answers).toEqual([
      ['GET', 503, page, 'origin'],
      ['OPTIONS', 204, page, 'origin'],
      ['POST', 503, page, 'origin'],
    ]);
  });

  it('can read that there is nothing at a path, that a body is too large, and that a channel is gone', async () => {
    const relay = await startRelay({ origins, limits: { messageBytes: 2_000 } });
    const answers = [
      await ask(`${relay.url}/other`),
      await ask(`${relay.url}/sync`, 'PUT'),
      await ask(`${relay.url}/sync`, 'POST'),
      await (await openHttpClient(relay.url)).post('x'.repeat(8_001), { origin: page }),
    ];
    expect(answers.map((answer) => [answer.status, readableBy(answer)])).toEqual([
      [404, page],
      [404, page],
      [410, page],
      [413, page],
    ]);
    expect(readableBy(await ask(`${relay.url}/other`, 'GET', 'https://evil.example.org'))).toBe(null);
  });

  it('cannot read the relay’s status or metrics', async () => {
    const relay = await startRelay({ origins });
    for (const path of ['/health', '/metrics']) {
      const answer = await ask(`${relay.url}${path}`);
      expect([answer.status, readableBy(answer)]).toEqual([200, null]);
    }
  });
});

describe('HTTP', () => {
  it('reports the status of the relay and lists its endpoints', async () => {
    const { code, body } = await readHealth(relay);
    expect(code).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      ready: true,
      reasons: [],
      oldestPendingMs: 0,
      storage: { kind: 'pglite', durability: 'process-crash', pending: 0 },
      connections: 0,
      uptimeMs: expect.any(Number) as number,
      version: expect.stringMatching(/^\d/) as string,
    });
    for (const path of ['/', '/sync', '/metrics/x', '/health/x']) {
      const response = await fetch(`${relay.url}${path}`);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.text()).toContain('/sync');
    }
    expect((await fetch(`${relay.url}/health`, { method: 'POST' })).status).toBe(404);
  });

  it.each(['/', '/other', '/sync/app'])('opens no WebSocket at %s', async (path) => {
    const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const asked = request(`${relay.url}${path}`, {
      headers: { ...headers, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    }).end();
    const [{ statusCode, headers: answered }] = (await once(asked, 'response')) as [IncomingMessage];
    expect(statusCode).toBe(404);
    expect(answered).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  it('closes even while refused callers keep their connections open', async () => {
    const relay = await openRelay();
    const caller = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
    caller.write('GET /other HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    await once(caller, 'data');
    await relay.close();
    caller.destroy();
  });
});
