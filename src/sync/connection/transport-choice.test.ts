import { describe, expect, it } from 'vitest';
import { createTwoTransports } from '../../../test/support/sync/two-transports.ts';

const errorOf = (state: object) => ('error' in state ? (state.error as Error).message : undefined);

describe('the transport', () => {
  it('is WebSocket if it works, and nothing else is dialled', async () => {
    const { begin, settle, http, webSocket } = createTwoTransports();
    const connection = begin();
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect([webSocket.channels.length, http.channels.length]).toEqual([1, 0]);
  });

  it('[CONN-4] is HTTP after WebSocket was refused, in the same attempt', async () => {
    const { begin, settle, webSocket, phases } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
    expect(phases).toEqual(['connecting', 'connected']);
  });

  it('counts as one failed attempt if the relay is down', async () => {
    const { begin, settle, clock, webSocket, http, phases } = createTwoTransports();
    webSocket.set('nothing');
    http.set('nothing');
    const connection = begin();
    for (let attempt = 1; attempt <= 4; attempt++) {
      await settle();
      expect(connection.state).toMatchObject({ phase: 'waiting', attempt });
      expect(errorOf(connection.state)).toBe('websocket at one.example: refused');
      expect([webSocket.channels.length, http.channels.length]).toEqual([attempt, attempt]);
      if (connection.state.phase === 'waiting') clock.advance(connection.state.retryAtMs - clock.nowMs());
    }
    expect(new Set(phases)).toEqual(new Set(['connecting', 'waiting']));
  });

  it('[CONN-17] is named after what a server answered, whichever transport failed last', async () => {
    for (const isHttpLast of [false, true]) {
      const { begin, pass, webSocket, http } = createTwoTransports();
      webSocket.set(isHttpLast ? 'nothing' : 'waiting');
      http.set('404');
      const connection = begin();
      while (connection.state.phase === 'connecting') await pass(500);
      expect(connection.state).toMatchObject({ error: { details: { status: 404 } } });
      connection.close();
    }
  });

  it('is not named after it if a channel opened, because a stock server has no HTTP', async () => {
    const { begin, clock, settle, webSocket, http } = createTwoTransports();
    webSocket.set('opening');
    http.set('404');
    const connection = begin();
    while (connection.state.phase === 'connecting') {
      clock.advance(500);
      await settle();
    }
    expect(connection.state).toMatchObject({ error: { code: 'RELAY_SILENT' } });
    connection.close();
  });

  it('retries the transport of a broken connection first, and then the others', async () => {
    const { begin, settle, pass, webSocket, http } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    http.cut();
    await pass(1_000);
    expect(connection.transport).toBe('http');
    expect(webSocket.channels).toHaveLength(1);
    http.set('nothing');
    webSocket.set('all');
    http.cut();
    await pass(4_000);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
  });

  it('starts with WebSocket again after all were refused, and reports its error', async () => {
    const { begin, settle, pass, webSocket, http } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    http.set('nothing');
    http.cut();
    await pass(600);
    expect(errorOf(connection.state)).toBe('websocket at one.example: refused');
    const dialled = http.channels.length;
    webSocket.set('all');
    http.set('all');
    connection.reconnect();
    await settle();
    expect([connection.transport, http.channels.length]).toEqual(['websocket', dialled]);
  });

  it('is made anew at each address in turn', async () => {
    const { begin, pass, settle, webSocket, http } = createTwoTransports({}, [
      new URL('wss://one.example/sync'),
      new URL('wss://two.example/sync'),
    ]);
    webSocket.set('nothing');
    http.downHosts.add('one.example');
    const connection = begin();
    await settle();
    expect(connection.state).toMatchObject({ phase: 'waiting', attempt: 1 });
    await pass(600);
    expect([connection.state.phase, connection.transport, connection.url.host]).toEqual([
      'connected',
      'http',
      'two.example',
    ]);
    http.downHosts.add('two.example');
    http.downHosts.delete('one.example');
    http.cut();
    await pass(2_000);
    expect([connection.state.phase, connection.transport, connection.url.host]).toEqual([
      'connected',
      'http',
      'one.example',
    ]);
  });
});
