import { describe, expect, it } from 'vitest';
import { createTwoTransports } from '../../../test/support/sync/two-transports.ts';
import { besideMs } from './relay-attempt.ts';

describe('a connection over HTTP', () => {
  it('probes WebSocket less and less often, without any visible change', async () => {
    const { begin, settle, pass, webSocket, phases, lost } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    const before = lost.mock.calls.length;
    await pass(60_000);
    const inAMinute = webSocket.channels.length - 1;
    expect(inAMinute).toBeGreaterThanOrEqual(2);
    expect(inAMinute).toBeLessThanOrEqual(4);
    await pass(3_600_000);
    expect(webSocket.channels.length - 1).toBeLessThanOrEqual(16);
    expect([phases, lost.mock.calls.length]).toEqual([['connecting', 'connected'], before]);
    expect(connection.transport).toBe('http');
  });

  it('[CONN-6] returns to WebSocket once it works, by an ordinary reconnection', async () => {
    const { begin, settle, pass, webSocket, http, phases, lost } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    const before = lost.mock.calls.length;
    webSocket.set('all');
    await pass(30_000);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect(phases).toEqual(['connecting', 'connected', 'connecting', 'connected']);
    expect([lost.mock.calls.length - before, http.open(), webSocket.open()]).toEqual([1, 0, 1]);
    const dialled = webSocket.channels.length;
    await pass(600_000);
    expect(webSocket.channels).toHaveLength(dialled);
  });

  it('returns to a WebSocket that is slow to open, and dials no HTTP beside it', async () => {
    const { begin, settle, pass, webSocket, http } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    webSocket.set('waiting');
    connection.reconnect();
    webSocket.answer();
    const dialled = http.channels.length;
    await pass(2 * besideMs);
    expect([connection.state.phase, connection.transport]).toEqual(['connecting', 'websocket']);
    webSocket.answer();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect(http.channels).toHaveLength(dialled);
  });

  it('does not return to a WebSocket that merely opens', async () => {
    const { begin, settle, pass, webSocket, phases } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    webSocket.set('opening');
    await pass(120_000);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
    expect(phases).toEqual(['connecting', 'connected']);
    expect(webSocket.open()).toBeLessThanOrEqual(1);
  });

  it.each(['online', 'visible'] as const)('probes at once on `%s`', async (event) => {
    const { begin, settle, page, webSocket } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    webSocket.set('all');
    page.tell(event);
    await settle();
    expect(connection.transport).toBe('websocket');
  });

  it('probes at once on reconnect(), and stops when the connection is closed', async () => {
    const { begin, settle, webSocket, clock } = createTwoTransports();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    connection.reconnect();
    await settle();
    expect(webSocket.channels).toHaveLength(2);
    webSocket.set('opening');
    connection.reconnect();
    await settle();
    connection.close();
    expect([webSocket.open(), clock.waiting]).toEqual([0, 0]);
  });
});
