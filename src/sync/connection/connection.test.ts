import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SyncMessage } from 'cojson';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createPacer } from '../../base/pacer.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { createWebSocketTransport } from '../../transport/web-socket.ts';
import { createConnection, type Connection, type ConnectionEvents } from './connection.ts';
import { stableAfterMs } from './connection-state.ts';
import { helloMs, silenceMs } from './relay-link.ts';
import { until } from '../../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const hello = { ...testHello, limits: { messageBytes: 1000 } };
const say = (socket: WebSocket, ...messages: object[]) =>
  socket.send(messages.map((m) => JSON.stringify(m)).join('\n'));
/** A WebSocket server that handles each connection with the test's callback. */
async function server(onConnection: (socket: WebSocket) => void): Promise<{ url: URL; received: string[] }> {
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const received: string[] = [];
  wss.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => received.push(...data.toString().split('\n')));
    onConnection(socket);
  });
  await new Promise((resolve) => wss.once('listening', resolve));
  ends.push(() => {
    for (const client of wss.clients) client.terminate();
    return new Promise((resolve) => wss.close(resolve));
  });
  return { url: new URL(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}/sync`), received };
}

function connect(url: URL | [URL, ...URL[]], on: Partial<ConnectionEvents> = {}) {
  const clock = createFakeClock();
  const events = { ready: vi.fn(), lost: vi.fn(), refused: vi.fn() };
  const silent: ConnectionEvents = {
    changed: () => {},
    sending: (message) => message,
    sent: () => {},
    drained: () => {},
    withheld: () => {},
    received: () => {},
    relayClock: () => {},
    renewalFailed: () => {},
    ...events,
    ...on,
  };
  const platform = { ...createNodePlatform(), clock };
  const connection: Connection = createConnection({
    urls: Array.isArray(url) ? url : [url],
    peerID: 'relay',
    transports: [createWebSocketTransport((to) => platform.openWebSocket(to))],
    platform,
    pacer: createPacer({ nowMs: clock.nowMs, nextTask: platform.nextTask }),
    on: silent,
  });
  ends.push(() => connection.close());
  return { connection, clock, ...events };
}

const errorOf = ({ state }: Connection) => ('error' in state ? state.error.code : undefined);

describe('a relay that sends hello', () => {
  it('is ready at once, receives our hello, and echoes measure the round trip', async () => {
    const { url, received } = await server((socket) => {
      say(socket, hello);
      socket.on('message', (data: Buffer) => {
        const { maia, t } = JSON.parse(data.toString()) as { maia?: string; t?: number };
        if (maia === 'echo') say(socket, { maia: 'echoed', t });
      });
    });
    const { connection, ready } = connect(url);
    await until(() => expect(connection.state).toMatchObject({ phase: 'connected', roundTripMs: 0 }));
    expect(ready).toHaveBeenCalledOnce();
    expect(connection.hello?.durability).toBe('process-crash');
    expect(received.map((line) => (JSON.parse(line) as { maia: string }).maia)).toEqual(['hi', 'echo']);
    expect(JSON.parse(received[0] ?? '')).toMatchObject({ cutAcks: true });
  });

  it('[CONF-6] a second hello ends the connection, so that no promise changes midway', async () => {
    const { url } = await server((socket) => say(socket, hello, { ...hello, durability: 'power-loss' }));
    const { connection } = connect(url);
    await until(() => expect(connection.state.phase).toBe('waiting'));
    expect(errorOf(connection)).toBe('MESSAGE_INVALID');
  });

  it('a relay that asks for authentication is not retried automatically', async () => {
    const auth = { nonce: 'n', methods: ['jwt'], withinMs: 1000 };
    const { url } = await server((socket) => say(socket, { ...hello, auth }));
    const { connection, ready } = connect(url);
    await until(() => expect(connection.state.phase).toBe('failed'));
    expect(errorOf(connection)).toBe('RELAY_UNAUTHORIZED');
    expect(ready).not.toHaveBeenCalled();
  });
});

describe('a stock server', () => {
  it('[CONN-3] counts as a stock server after a second without hello, and as connected at its first message', async () => {
    let theirs: WebSocket | undefined;
    const { url } = await server((socket) => (theirs = socket));
    const { connection, clock, ready } = connect(url);
    await until(() => expect(theirs).toBeDefined());
    await until(() => {
      clock.advance(helloMs / 10);
      expect(ready).toHaveBeenCalledWith(expect.anything(), undefined);
    });
    expect(connection.state.phase).toBe('connecting');
    if (theirs) say(theirs, { type: 'ping', time: 1, dc: 'x' });
    await until(() => expect(connection.state.phase).toBe('connected'));
  });

  it('is recognized by its first message', async () => {
    const { url } = await server((socket) => say(socket, { type: 'ping', time: 1, dc: 'x' }));
    const { connection, ready } = connect(url);
    await until(() => expect(connection.state.phase).toBe('connected'));
    expect(ready).toHaveBeenCalledWith(expect.anything(), undefined);
  });
});

describe('a server that is not a relay, or a broken one', () => {
  it('[CONN-16] that sends back what it receives never counts as connected, and passes nothing to cojson', async () => {
    const { url, received } = await server((socket) => {
      socket.on('message', (data: Buffer) => socket.send(data.toString()));
    });
    const phases = new Set<string>();
    const taken = vi.fn((message: SyncMessage) => message);
    const { connection, clock } = connect(url, {
      changed: () => phases.add(connection.state.phase),
      received: taken,
      ready: ({ outgoing }) => outgoing.push({ action: 'load', id: 'co_z1', header: true, sessions: {} }),
    });
    await until(() => {
      clock.advance(helloMs / 10);
      expect(connection.state.phase).toBe('waiting');
    });
    expect(connection.state).toMatchObject({
      error: { code: 'RELAY_NOT_A_RELAY', details: { isEcho: true } },
    });
    expect(received[0]).toContain('"hi"');
    expect(phases).not.toContain('connected');
    expect(taken).not.toHaveBeenCalled();
  });

  it.each([
    ['bytes that are not JSON', '<html>', 'RELAY_NOT_A_RELAY'],
    ['a bare number', '5', 'RELAY_NOT_A_RELAY'],
    ['a wrong shape after a hello', `${JSON.stringify(hello)}\n{"action":"known","id":7}`, 'MESSAGE_INVALID'],
    ['a message of 50 MB', `"${'x'.repeat(50_000_000)}"`, 'MESSAGE_TOO_LARGE'],
  ])('%s: tried again, and said why', async (_name, frame, code) => {
    const { url } = await server((socket) => socket.send(frame));
    const { connection } = connect(url);
    await until(() => expect(connection.state.phase).toBe('waiting'));
    expect(errorOf(connection)).toBe(code);
  });

  it('a close because of an oversized message is reported as such', async () => {
    const { url } = await server((socket) => {
      say(socket, hello);
      socket.close(1009);
    });
    const { connection } = connect(url);
    await until(() => expect(errorOf(connection)).toBe('MESSAGE_TOO_LARGE'));
  });

  it('binary messages', async () => {
    const { url } = await server((socket) => socket.send(Buffer.from([1, 2, 3])));
    const { connection } = connect(url);
    await until(() => expect(errorOf(connection)).toBe('RELAY_NOT_A_RELAY'));
  });

  it('an HTTP server without WebSockets is unreachable', async () => {
    const http: Server = createServer((_request, response) => response.end('hi'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    ends.push(() => http.close());
    const { connection } = connect(new URL(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/sync`));
    await until(() => expect(errorOf(connection)).toBe('RELAY_UNREACHABLE'));
  });
});

describe('a silent relay', () => {
  it('is given up if it opens and then never sends anything', async () => {
    let opened = 0;
    const { url } = await server(() => opened++);
    const { connection, clock } = connect(url);
    await until(() => expect(opened).toBe(1));
    clock.advance(silenceMs - 1);
    expect(connection.state.phase).toBe('connecting');
    clock.advance(1);
    expect(errorOf(connection)).toBe('RELAY_SILENT');
  });

  it('[CONN-2] is given up when it falls silent; every byte resets the timer', async () => {
    let theirs: WebSocket | undefined;
    const { url } = await server((socket) => say((theirs = socket), hello));
    const received: unknown[] = [];
    const { connection, clock, lost } = connect(url, { relayClock: (ms) => received.push(ms) });
    await until(() => expect(connection.state.phase).toBe('connected'));
    clock.advance(silenceMs - 1);
    if (theirs) say(theirs, { type: 'ping', time: 7, dc: 'x' });
    await until(() => expect(received).toEqual([7]));
    clock.advance(silenceMs - 1);
    expect(connection.state.phase).toBe('connected');
    clock.advance(1);
    expect(errorOf(connection)).toBe('RELAY_SILENT');
    expect(lost).toHaveBeenCalledOnce();
  });
});

describe('refusals', () => {
  const refused = (code: string, more: object = {}) => ({
    maia: 'refused',
    code,
    reason: 'because',
    closing: true,
    ...more,
  });

  it.each([
    ['limit', 'waiting', 'RELAY_LIMIT'],
    ['draining', 'waiting', 'RELAY_UNREACHABLE'],
    ['storage', 'waiting', 'RELAY_REFUSED'],
    ['quota', 'failed', 'RELAY_QUOTA'],
    ['forbidden', 'failed', 'RELAY_REFUSED'],
    ['outdated', 'failed', 'APP_OUTDATED'],
    ['something new', 'failed', 'RELAY_REFUSED'],
  ])('%s → %s', async (code, phase, error) => {
    const { url } = await server((socket) => say(socket, hello, refused(code)));
    const { connection } = connect(url);
    await until(() => expect(connection.state.phase).toBe(phase));
    expect(errorOf(connection)).toBe(error);
  });

  it('waits as long as the relay asks', async () => {
    const { url } = await server((socket) => say(socket, hello, refused('limit', { retryAfterMs: 60_000 })));
    const { connection, clock } = connect(url);
    await until(() => expect(connection.state.phase).toBe('waiting'));
    clock.advance(59_999);
    expect(connection.state.phase).toBe('waiting');
    clock.advance(1);
    expect(connection.state.phase).toBe('connecting');
  });

  it('waits five minutes at most', async () => {
    const aDay = 24 * 60 * 60_000;
    const { url } = await server((socket) => say(socket, hello, refused('limit', { retryAfterMs: aDay })));
    const { connection, clock } = connect(url);
    await until(() => expect(connection.state.phase).toBe('waiting'));
    clock.advance(5 * 60_000);
    expect(connection.state.phase).toBe('connecting');
  });

  it('one that names a CoValue leaves the connection open', async () => {
    const { url } = await server((socket) =>
      say(socket, hello, refused('fork', { id: 'co_z1', closing: false })),
    );
    const { connection, refused: heard } = connect(url);
    await until(() =>
      expect(heard).toHaveBeenCalledWith(
        expect.objectContaining({ code: 'RELAY_REFUSED' }),
        expect.objectContaining({ id: 'co_z1' }),
      ),
    );
    expect(connection.state.phase).toBe('connected');
  });
});

describe('fail-over addresses', () => {
  it('[CONN-7] are tried in turn, and the one that answers is kept until it is lost', async () => {
    const first = await server((socket) => socket.terminate());
    let theirs: WebSocket | undefined;
    const second = await server((socket) => say((theirs = socket), hello));
    const { connection, clock } = connect([first.url, second.url]);
    expect(connection.url).toBe(first.url);
    await until(() => expect(connection.state.phase).toBe('waiting'));
    if (connection.state.phase === 'waiting') clock.advance(connection.state.retryAtMs - clock.nowMs());
    await until(() => expect(connection.state.phase).toBe('connected'));
    expect(connection.url).toBe(second.url);
    theirs?.terminate();
    await until(() => expect(connection.state.phase).toBe('waiting'));
    expect(connection.url).toBe(first.url);
  });
});

describe('trying again', () => {
  it('a connection that opens and ends at once backs off further each time', async () => {
    let count = 0;
    const { url } = await server((socket) => {
      count++;
      say(socket, hello);
      socket.close();
    });
    const { connection, clock } = connect(url);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await until(() => expect(connection.state).toMatchObject({ phase: 'waiting', attempt }));
      if (connection.state.phase === 'waiting') clock.advance(connection.state.retryAtMs - clock.nowMs());
    }
    expect(count).toBeGreaterThanOrEqual(3);
  });

  it('a good connection resets the back-off', async () => {
    const sockets: WebSocket[] = [];
    const { url } = await server((socket) => {
      sockets.push(socket);
      say(socket, hello);
    });
    const { connection, clock } = connect(url);
    await until(() => expect(connection.state.phase).toBe('connected'));
    clock.advance(silenceMs - 1);
    if (sockets[0]) say(sockets[0], { type: 'ping', time: 1, dc: 'x' });
    clock.advance(stableAfterMs - silenceMs + 1);
    sockets[0]?.terminate();
    await until(() => expect(connection.state).toMatchObject({ phase: 'waiting', attempt: 1 }));
    connection.reconnect();
    await until(() => expect(connection.state.phase).toBe('connected'));
  });
});
