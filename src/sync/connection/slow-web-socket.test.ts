import { describe, expect, it } from 'vitest';
import { createTwoTransports } from '../../../test/support/sync/two-transports.ts';
import { hello, ping } from '../../../test/support/transport/blockable-transport.ts';
import { besideMs } from './relay-attempt.ts';
import { helloMs, silenceMs } from './relay-link.ts';

describe('the transport', () => {
  it('[CONN-5] is also HTTP if WebSocket opens but passes nothing', async () => {
    const { begin, settle, clock, webSocket, ready, lost } = createTwoTransports();
    webSocket.set('opening');
    const connection = begin();
    const shown: string[] = [];
    lost.mockImplementation(() => shown.push(connection.transport));
    await settle();
    clock.advance(besideMs);
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
    expect(shown).toEqual(['http']);
    // The silent WebSocket counted as a stock server meanwhile.
    expect([ready.mock.calls.length, lost.mock.calls.length, webSocket.open()]).toEqual([2, 1, 0]);
    expect(ready.mock.lastCall?.[1]).toMatchObject({ maia: 'hello' });
    expect(connection.hello).toBeDefined();
  });

  it('[CONN-12] is HTTP if WebSocket is slow to open, without an error', async () => {
    const { begin, settle, clock, webSocket, http, phases, lost } = createTwoTransports();
    webSocket.set('waiting');
    const connection = begin();
    await settle();
    clock.advance(besideMs - 1);
    await settle();
    expect([connection.state.phase, http.channels.length]).toEqual(['connecting', 0]);
    clock.advance(1);
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
    expect([phases, lost.mock.calls.length]).toEqual([['connected'], 0]);
    expect([webSocket.open(), http.open()]).toEqual([0, 1]);
  });

  it('[CONN-12] is the one that answers first of the two, and the other one is closed', async () => {
    const { begin, settle, clock, webSocket, http, ready, lost } = createTwoTransports();
    webSocket.set('waiting');
    http.set('waiting');
    const connection = begin();
    clock.advance(besideMs);
    await settle();
    expect([webSocket.open(), http.open(), connection.transport]).toEqual([1, 1, 'websocket']);
    webSocket.answer();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect([webSocket.open(), http.open()]).toEqual([1, 0]);
    expect([ready.mock.calls.length, lost.mock.calls.length]).toEqual([1, 0]);
  });

  it('[CONN-3] begins again if a hello comes late, and then waits for it', async () => {
    const { begin, settle, clock, webSocket, http, ready, lost } = createTwoTransports();
    webSocket.set('opening');
    http.set('nothing');
    const connection = begin();
    await settle();
    clock.advance(helloMs);
    webSocket.channels[0]?.on.received(hello);
    expect([ready.mock.lastCall?.[1], lost.mock.calls.length, connection.hello]).toEqual([
      undefined,
      1,
      undefined,
    ]);
    expect(connection.state).toMatchObject({ phase: 'waiting', error: { code: 'RELAY_SILENT' } });
    connection.reconnect();
    await settle();
    clock.advance(besideMs);
    await settle();
    expect(ready).toHaveBeenCalledOnce();
    webSocket.channels[1]?.on.received(hello);
    expect([connection.state.phase, connection.hello]).toMatchObject(['connected', { maia: 'hello' }]);
  });

  it('[CONN-3] begins again if a stock server has become a relay', async () => {
    const { begin, settle, webSocket } = createTwoTransports();
    webSocket.set('opening');
    const connection = begin();
    await settle();
    webSocket.channels[0]?.on.received(ping);
    expect([connection.state.phase, connection.hello]).toEqual(['connected', undefined]);
    webSocket.set('all');
    webSocket.cut();
    connection.reconnect();
    await settle();
    expect(connection.state).toMatchObject({ phase: 'waiting', error: { code: 'RELAY_SILENT' } });
    connection.reconnect();
    await settle();
    expect([connection.state.phase, connection.hello]).toMatchObject(['connected', { maia: 'hello' }]);
  });

  it('stays WebSocket beside an HTTP channel that opens and passes nothing', async () => {
    const { begin, settle, clock, webSocket, http, ready, lost } = createTwoTransports();
    webSocket.set('opening');
    http.set('opening');
    const connection = begin();
    await settle();
    clock.advance(besideMs);
    await settle();
    clock.advance(helloMs);
    await settle();
    expect([webSocket.open(), http.open(), connection.transport]).toEqual([1, 1, 'websocket']);
    webSocket.channels[0]?.on.received(ping);
    expect([connection.state.phase, connection.transport, http.open()]).toEqual([
      'connected',
      'websocket',
      0,
    ]);
    expect([ready.mock.calls.length, lost.mock.calls.length]).toEqual([1, 0]);
  });

  it('is WebSocket at a slow stock server, which refuses HTTP', async () => {
    const { begin, settle, clock, webSocket, http, lost } = createTwoTransports();
    webSocket.set('waiting');
    http.set('nothing');
    const connection = begin();
    clock.advance(besideMs);
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connecting', 'websocket']);
    webSocket.channels[0]?.on.opened();
    webSocket.channels[0]?.on.received(ping);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect([http.channels.length, lost.mock.calls.length]).toEqual([1, 0]);
    // Known as a stock server, it is not asked again.
    webSocket.cut();
    connection.reconnect();
    await settle();
    clock.advance(besideMs);
    await settle();
    expect([webSocket.channels.length, http.channels.length]).toEqual([2, 1]);
  });

  it('is given up when both stay silent, with the error of the preferred one', async () => {
    const { begin, settle, pass, clock, webSocket, http } = createTwoTransports();
    webSocket.set('waiting');
    http.set('waiting');
    const connection = begin();
    await settle();
    clock.advance(besideMs);
    await settle();
    await pass(silenceMs);
    expect(connection.state).toMatchObject({ phase: 'waiting', attempt: 1, error: { code: 'RELAY_SILENT' } });
    expect([webSocket.open(), http.open()]).toEqual([0, 0]);
  });

  it.each(['pause', 'close'] as const)('%s ends both channels and every timer', async (end) => {
    const { begin, settle, clock, webSocket, http } = createTwoTransports();
    webSocket.set('waiting');
    http.set('waiting');
    const connection = begin();
    connection[end]();
    expect([webSocket.open(), clock.waiting]).toEqual([0, 0]);
    const other = begin();
    clock.advance(besideMs);
    await settle();
    other[end]();
    expect([webSocket.open(), http.open(), clock.waiting]).toEqual([0, 0, 0]);
  });
});
