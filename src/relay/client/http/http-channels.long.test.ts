import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../../base/logger.ts';
import { createRandom } from '../../../base/seeded-random.ts';
import type { Relay } from '../../index.ts';
import { openHttpClient, openStream } from '../../../../test/support/relay/http-client.ts';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { openRelay, readHealth, startRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

const origin = 'https://app.example.org';
const limits = { messageBytes: 2_000, unreadBytes: 300_000, bytesPerSecond: 20_000 };
/** A client on a busy machine needs longer for its first frame, and for a body. */
const impatient = { ...limits, firstFrameMs: 3_000 };
const logged: unknown[] = [];
const logger: Logger = {
  debug: (...line) => void logged.push(line),
  warn: (...line) => void logged.push(line),
};
let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ origins: [origin], limits, logger });
});
afterAll(() => relay.close());

const hi = JSON.stringify({ maia: 'hi', v: 1, kernel: '1' });
const echo = (t: number) => JSON.stringify({ maia: 'echo', t });
const post = (headers: Record<string, string>, body = hi) =>
  fetch(`${relay.url}/sync`, { method: 'POST', body, headers });

describe('a channel over HTTP', () => {
  it('starts with hello, handles posted messages in order, and answers in the stream', async () => {
    const client = await openHttpClient(relay.url);
    await client.waitFor(({ received }) => received.length === 1);
    expect(client.received[0]).toMatchObject({ maia: 'hello', v: 1 });
    expect((await client.post([hi, echo(1), echo(2), '', echo(3), ''].join('\n'))).status).toBe(204);
    await client.waitFor(({ received }) => received.length === 4);
    expect(client.received.slice(1).map(({ t }) => t)).toEqual([1, 2, 3]);
  });

  it('sends the headers that PROTOCOL.md requires, with a new secret each time', async () => {
    const responses = await Promise.all([1, 2].map(() => openStream(relay.url, { origin })));
    const channels = responses.map(({ headers }) => headers.get('maia-channel'));
    expect(new Set(channels).size).toBe(2);
    for (const { status, headers, body } of responses) {
      expect(status).toBe(200);
      expect(headers.get('maia-channel')).toMatch(/^[\w-]{22}$/);
      expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')).toBe('maia-channel, retry-after');
      expect(headers.get('vary')).toBe('origin');
      await body?.cancel();
    }
    expect(channels.some((channel) => JSON.stringify(logged).includes(channel ?? '?'))).toBe(false);
  });

  it('ends with its stream and is unknown afterwards', async () => {
    const client = await openHttpClient(relay.url);
    await client.post(hi);
    client.close();
    await until(async () => expect((await client.post(hi)).status).toBe(410));
  });

  it('counts as a connection while it is open', async () => {
    const separateRelay = await startRelay({ limits: { connections: 1 } });
    const first = await openHttpClient(separateRelay.url);
    expect((await readHealth(separateRelay)).body.connections).toBe(1);
    const second = await openHttpClient(separateRelay.url);
    await second.waitFor(({ hasEnded }) => hasEnded);
    expect(second.received).toMatchObject([{ maia: 'refused', code: 'limit', closing: true }]);
    first.close();
    await until(async () => expect((await readHealth(separateRelay)).body.connections).toBe(0));
  });

  it('is notified that the relay stops, and no other client is accepted', async () => {
    const separateRelay = await openRelay();
    const client = await openHttpClient(separateRelay.url);
    await client.post(hi);
    await separateRelay.close();
    await client.waitFor(({ hasEnded }) => hasEnded);
    expect(client.received.at(-1)).toMatchObject({ maia: 'refused', code: 'draining', closing: true });
  });
});

describe('a request', () => {
  it('is accepted from an allowed origin or without an origin', async () => {
    const { channel } = await openHttpClient(relay.url);
    const evil = 'https://evil.example.org';
    const refused = await openStream(relay.url, { origin: evil });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, evil]);
    expect((await post({ 'maia-channel': channel, origin: evil })).status).toBe(403);
    expect((await fetch(`${relay.url}/sync`, { method: 'OPTIONS', headers: { origin: evil } })).status).toBe(
      403,
    );
    expect((await post({ 'maia-channel': channel, origin })).status).toBe(204);
    expect((await post({ 'maia-channel': channel })).status).toBe(204);
  });

  it('is refused from a page that sends no origin', async () => {
    // Node's `fetch` overwrites this header.
    const asked = httpRequest(`${relay.url}/sync`, {
      headers: { accept: 'text/event-stream', 'sec-fetch-mode': 'no-cors' },
    }).end();
    const [{ statusCode }] = (await once(asked, 'response')) as [{ statusCode: number }];
    expect(statusCode).toBe(403);
  });

  it('may be preceded by a preflight', async () => {
    const { status, headers } = await fetch(`${relay.url}/sync`, { method: 'OPTIONS', headers: { origin } });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(headers.get('access-control-allow-headers')).toBe(
      'maia-channel, authorization, content-type, x-app-version, x-client-id',
    );
  });

  it.each(['', 'AAAAAAAAAAAAAAAAAAAAAA', '__proto__', 'x'.repeat(50)])(
    'is refused for the unknown channel %j',
    async (channel) => {
      expect((await post({ 'maia-channel': channel })).status).toBe(410);
      expect((await post({})).status).toBe(410);
    },
  );

  it('is refused if it exceeds the frame limit, with or without a content length', async () => {
    const client = await openHttpClient(relay.url);
    expect((await client.post('x'.repeat(8_001))).status).toBe(413);
    await client.waitFor(({ hasEnded }) => hasEnded);
    const other = await openHttpClient(relay.url);
    const asked = httpRequest(`${relay.url}/sync`, {
      method: 'POST',
      headers: { 'maia-channel': other.channel, 'transfer-encoding': 'chunked' },
    });
    asked.on('error', () => {});
    asked.write('x'.repeat(8_001));
    const [{ statusCode }] = (await once(asked, 'response')) as [{ statusCode: number }];
    expect(statusCode).toBe(413);
    await other.waitFor(({ hasEnded }) => hasEnded);
  });

  it('is refused while another one is open', async () => {
    const client = await openHttpClient(relay.url);
    const slow = httpRequest(`${relay.url}/sync`, {
      method: 'POST',
      headers: { 'maia-channel': client.channel },
    });
    slow.write(`${hi}\n`);
    await until(async () => expect((await client.post(echo(1))).status).toBe(409));
    slow.end(echo(2));
    const [{ statusCode }] = (await once(slow, 'response')) as [{ statusCode: number }];
    expect(statusCode).toBe(204);
    await client.waitFor(({ received }) => received.some(({ t }) => t === 2));
    expect((await client.post(echo(3))).status).toBe(204);
  });

  it('is aborted if its body trickles in', async () => {
    const { url } = await startRelay({ limits: impatient });
    const client = await openHttpClient(url);
    await client.post(hi);
    const slow = httpRequest(`${url}/sync`, {
      method: 'POST',
      headers: { 'maia-channel': client.channel },
    });
    slow.on('error', () => {});
    slow.write('{');
    const [{ statusCode }] = (await once(slow, 'response')) as [{ statusCode: number }];
    expect(statusCode).toBe(408);
    // The channel itself stays open.
    expect((await client.post(echo(1))).status).toBe(204);
  });

  it('leaves the channel unchanged if it breaks off', async () => {
    const client = await openHttpClient(relay.url);
    const broken = httpRequest(`${relay.url}/sync`, {
      method: 'POST',
      headers: { 'maia-channel': client.channel },
    });
    broken.on('error', () => {});
    broken.write(hi);
    await until(async () => expect((await client.post(echo(1))).status).toBe(409));
    broken.destroy();
    await until(async () => expect((await client.post(echo(2))).status).toBe(204));
  });
});

describe('the limits of a client over HTTP', () => {
  it('disconnect a client that sends nothing at first', async () => {
    const client = await openHttpClient((await startRelay({ limits: impatient })).url);
    await client.waitFor(({ hasEnded }) => hasEnded);
    expect(client.received.at(-1)).toMatchObject({ maia: 'refused', code: 'limit', closing: true });
  });

  it.each([
    ['an invalid message', '<html>', 'invalid'],
    ['a message that is too long', `{"action":"load","id":"${'x'.repeat(3_000)}"}`, 'too-large'],
    ['bytes that are not UTF-8', Buffer.from('{"maia":"echo","t":1,"x":"\xff"}', 'latin1'), 'invalid'],
  ])('disconnect a client with a reason after %s', async (_name, body, code) => {
    const client = await openHttpClient(relay.url);
    await client.post(body);
    await client.waitFor(({ hasEnded }) => hasEnded);
    expect(client.received.at(-1)).toMatchObject({ maia: 'refused', code, closing: true });
    expect((await client.post(hi)).status).toBe(410);
  });

  it('delay the response if a client sends too fast', async () => {
    const client = await openHttpClient(relay.url);
    const startedAtMs = performance.now();
    const long = JSON.stringify({ maia: 'echo', t: 1, x: 'x'.repeat(1_900) });
    for (let count = 0; count < 10; count++) {
      expect((await client.post(`${long}\n`.repeat(4))).status).toBe(204);
    }
    // 78 kB at 20 kB/s, of which the first 60 kB are free.
    expect(performance.now() - startedAtMs).toBeGreaterThan(500);
    expect(client.received).toContainEqual(
      expect.objectContaining({ maia: 'refused', code: 'limit', closing: false }),
    );
  });

  it('disconnect a client that does not read when too much is queued', async () => {
    const separateRelay = await startRelay({ limits: { unreadBytes: 50_000 } });
    const socket = connect({ port: separateRelay.port, host: '127.0.0.1' });
    socket.pause();
    socket.on('error', () => {});
    socket.write('GET /sync HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
    const channel = await new Promise<string>((resolve) => {
      let head = '';
      socket.on('data', (data: Buffer) => {
        head += data.toString('latin1');
        const found = /maia-channel: ([\w-]+)/i.exec(head)?.[1];
        if (found === undefined) return;
        socket.pause();
        resolve(found);
      });
      socket.resume();
    });
    const lines = Array.from({ length: 1_000 }, (_, t) => echo(t)).join('\n');
    const statuses = new Set<number>();
    await until(async () => {
      const signal = AbortSignal.timeout(1_000);
      const sent = fetch(`${separateRelay.url}/sync`, {
        method: 'POST',
        body: lines,
        headers: { 'maia-channel': channel },
        signal,
      });
      statuses.add(await sent.then(({ status }) => status).catch(() => 0));
      expect((await readHealth(separateRelay)).body.connections === 0 || statuses.has(0)).toBe(true);
    });
    // The relay stops reading from a client that does not read: its request stays open, and memory use stays small.
    expect(statuses.has(204)).toBe(true);
    socket.destroy();
    await until(async () => expect((await readHealth(separateRelay)).body.connections).toBe(0));
  });
});

it('hostile requests end neither the relay nor other channels', async () => {
  const separateRelay = await startRelay();
  const good = await openHttpClient(separateRelay.url);
  const byWebSocket = await openRawClient(separateRelay.url);
  await good.post(hi);
  const random = createRandom(7);
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  const paths = [
    '/sync',
    '/sync?x',
    '/sync/',
    '//sync',
    '/sync/../sync',
    '/%73ync',
    '/health',
    '*',
    'http://x/sync',
  ];
  const lines = [
    'accept: text/event-stream',
    'accept: */*',
    'maia-channel: AAAAAAAAAAAAAAAAAAAAAA',
    `maia-channel: ${good.channel}x`,
    'maia-channel: a\r\nmaia-channel: b',
    'origin: null',
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999',
    'transfer-encoding: chunked',
    'connection: upgrade\r\nupgrade: websocket',
    'expect: 100-continue',
    'x: \u0000',
    'sec-fetch-mode: no-cors',
  ];
  for (let count = 0; count < 400; count++) {
    const socket = connect({ port: separateRelay.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    const head = [
      `${pick(['GET', 'POST', 'OPTIONS', 'PUT', 'HEAD', 'get', 'DELETE', 'CONNECT'])} ${pick(paths)} HTTP/1.1`,
      ...(random() < 0.9 ? ['host: x'] : []),
      ...Array.from({ length: Math.floor(random() * 4) }, () => pick(lines)),
    ];
    const body = pick(['', '5\r\nhello\r\n0\r\n\r\n', 'hello', 'zz\r\n', `${hi}\n`, '\u0000'.repeat(200)]);
    const text = `${head.join('\r\n')}\r\n\r\n${body}`;
    socket.write(random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text, 'latin1');
    if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
    if (random() < 0.5) socket.destroy();
    else socket.end();
  }
  expect((await good.post(echo(5))).status).toBe(204);
  await good.waitFor(({ received }) => received.some(({ t }) => t === 5));
  byWebSocket.send(echo(6));
  await byWebSocket.waitFor({ t: 6 });
  await until(async () => expect((await readHealth(separateRelay)).body.connections).toBe(2));
});
