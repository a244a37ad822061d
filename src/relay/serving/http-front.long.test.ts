import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relay } from '../index.ts';
import { openRelay, readHealth } from '../../../test/support/relay/test-relay.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay();
});
afterAll(() => relay.close());

describe('HTTP', () => {
  it('reports the status of the relay and lists its endpoints', async () => {
    const { code, body } = await readHealth(relay);
    expect(code).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      ready: true,
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
    const [response] = (await once(asked, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(404);
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
