import { describe, expect, it } from 'vitest';
import { createTwoTransports } from '../../../test/support/sync/two-transports.ts';
import { longHiddenMs } from './hidden-time.ts';

describe('a tab that is hidden for long, with nothing to send', () => {
  it('closes its HTTP channel, and reopens it when it becomes visible', async () => {
    const { begin, settle, pass, page, webSocket, http } = createTwoTransports({ hasWork: () => false });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(longHiddenMs - 1);
    expect(connection.state.phase).toBe('connected');
    await pass(1);
    expect([connection.state.phase, http.open()]).toEqual(['offline', 0]);
    await pass(3_600_000);
    expect(connection.state.phase).toBe('offline');
    page.tell('visible');
    await settle();
    expect(connection.state.phase).toBe('connected');
  });

  it('keeps a WebSocket', async () => {
    const { begin, settle, pass, page } = createTwoTransports({ hasWork: () => false });
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(3_600_000);
    expect(connection.state.phase).toBe('connected');
  });

  it('keeps the channel until everything is sent', async () => {
    let hasWork = true;
    const { begin, settle, pass, page, webSocket } = createTwoTransports({ hasWork: () => hasWork });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(10 * longHiddenMs);
    expect(connection.state.phase).toBe('connected');
    hasWork = false;
    await pass(longHiddenMs);
    expect(connection.state.phase).toBe('offline');
  });

  it('[CONN-1] reconnects a lost WebSocket, however long the relay was away', async () => {
    const { begin, settle, pass, page, webSocket, http } = createTwoTransports({ hasWork: () => false });
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(longHiddenMs);
    webSocket.set('nothing');
    http.set('nothing');
    webSocket.cut();
    await pass(3_600_000);
    expect(connection.state.phase).toBe('waiting');
    webSocket.set('all');
    await pass(300_000);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
  });

  it('[CONN-1] retries rarely until there is something to send', async () => {
    const { begin, settle, pass, page, webSocket, http } = createTwoTransports({ hasWork: () => false });
    webSocket.set('nothing');
    http.set('nothing');
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(longHiddenMs + 600_000);
    const dialled = webSocket.channels.length;
    await pass(3_600_000);
    expect(webSocket.channels.length - dialled).toBeLessThan(30);
    webSocket.set('all');
    connection.wake();
    await settle();
    expect(connection.state.phase).toBe('connected');
  });

  it('disconnects also if it was hidden from its start', async () => {
    const { begin, pass, page, webSocket } = createTwoTransports({ hasWork: () => false });
    webSocket.set('nothing');
    page.tell('hidden');
    const connection = begin();
    await pass(longHiddenMs);
    expect(connection.state.phase).toBe('offline');
  });

  it('stays connected after being hidden briefly', async () => {
    const { begin, settle, pass, page, webSocket } = createTwoTransports({ hasWork: () => false });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    page.tell('hidden');
    await pass(longHiddenMs / 2);
    page.tell('visible');
    page.tell('hidden');
    await pass(longHiddenMs / 2);
    expect(connection.state.phase).toBe('connected');
    await pass(longHiddenMs / 2);
    expect(connection.state.phase).toBe('offline');
    connection.close();
  });
});
