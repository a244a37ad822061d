import { describe, expect, it, vi } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import type { Page, PageEvent } from '../platform/platform.ts';
import { createPacer } from '../base/pacer.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { ChannelEvents, Transport } from '../transport/transport.ts';
import { createConnection } from './connection.ts';
import { longHiddenMs } from './hidden-time.ts';
import { silenceMs } from './relay-link.ts';

const hello = {
  maia: 'hello',
  v: 1,
  relay: { name: 'test', version: '1' },
  storage: { id: 's', epoch: 'e' },
  durability: 'process-crash',
  limits: {},
  auth: null,
  inspect: false,
  minAppVersion: '2.0',
};
const ping = JSON.stringify({ type: 'ping', time: 1, dc: 'x' });

/** A transport that a test opens and blocks. */
function fakeTransport(name: string) {
  const channels: { on: ChannelEvents; sent: string[]; isOpen: boolean }[] = [];
  /** Decides, together with `way.lets`, what happens to the next channels. */
  const downHosts = new Set<string>();
  const way = { lets: 'all' as 'all' | 'nothing' | 'opening', channels };
  const transport: Transport = {
    name,
    open({ host }, on) {
      const one = { on, sent: [] as string[], isOpen: true };
      channels.push(one);
      const end = (reason: string) => {
        if (!one.isOpen) return;
        one.isOpen = false;
        on.closed(createKernelError('RELAY_UNREACHABLE', `${name} at ${host}: ${reason}`));
      };
      const { lets } = way;
      queueMicrotask(() => {
        if (!one.isOpen) return;
        if (lets === 'nothing' || downHosts.has(host)) return end('refused');
        on.opened();
        if (lets === 'all') on.received(JSON.stringify(hello));
      });
      return { send: (frame) => void one.sent.push(frame), bufferedBytes: 0, close: () => end('closed') };
    },
  };
  return {
    ...way,
    /** Hosts that are refused, whatever `lets` allows. */
    downHosts,
    transport,
    set: (lets: typeof way.lets) => void (way.lets = lets),
    open: () => channels.filter(({ isOpen }) => isOpen).length,
    /** Cuts open channels. */
    cut() {
      for (const one of channels.filter(({ isOpen }) => isOpen)) {
        one.isOpen = false;
        one.on.closed(createKernelError('RELAY_UNREACHABLE', `${name}: cut`));
      }
    },
  };
}

function start(
  options: { readonly hasWork?: () => boolean; readonly appVersion?: string } = {},
  urls: readonly [URL, ...URL[]] = [new URL('wss://one.example/sync')],
) {
  const clock = createFakeClock();
  const webSocket = fakeTransport('websocket');
  const http = fakeTransport('http');
  const listeners = new Map<PageEvent, (() => void)[]>();
  const page: Page & { isVisible: boolean } = {
    url: undefined,
    isSecureContext: true,
    isOnline: true,
    isVisible: true,
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
      return () => {};
    },
  };
  const phases: string[] = [];
  const lost = vi.fn();
  const refused = vi.fn();
  const nothing = () => {};
  function begin() {
    const connection = createConnection({
      urls,
      peerID: 'relay',
      transports: [webSocket.transport, http.transport],
      platform: { clock, page, random: (length) => new Uint8Array(length).fill(128) },
      ...options,
      pacer: createPacer({ nowMs: clock.nowMs, nextTask: () => Promise.resolve() }),
      on: {
        changed() {
          const { phase } = connection.state;
          if (phases.at(-1) !== phase) phases.push(phase);
        },
        ready: nothing,
        lost,
        sent: nothing,
        drained: nothing,
        withheld: nothing,
        received: nothing,
        refused,
        relayClock: nothing,
      },
    });
    return connection;
  }
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  /** Advances the clock; the relay sends something on open channels. */
  async function pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 4_000) {
      for (const way of [webSocket, http]) {
        for (const { on, isOpen, sent } of way.channels) if (isOpen && sent.length > 0) on.received(ping);
      }
      clock.advance(Math.min(4_000, leftMs));
      await settle();
    }
  }
  const tell = (event: PageEvent) => {
    if (event === 'visible' || event === 'hidden') page.isVisible = event === 'visible';
    for (const listener of listeners.get(event) ?? []) listener();
  };
  return { clock, webSocket, http, phases, lost, refused, begin, settle, pass, tell };
}

const errorOf = (state: object) => ('error' in state ? (state.error as Error).message : undefined);

describe('the transport', () => {
  it('is WebSocket if it works, and nothing else is dialled', async () => {
    const { begin, settle, http, webSocket } = start();
    const connection = begin();
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'websocket']);
    expect([webSocket.channels.length, http.channels.length]).toEqual([1, 0]);
  });

  it('[CONN-4] is HTTP after WebSocket was refused, in the same attempt', async () => {
    const { begin, settle, webSocket, phases } = start();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
    expect(phases).toEqual(['connecting', 'connected']);
  });

  it('[CONN-5] is also HTTP if WebSocket opens but passes nothing', async () => {
    const { begin, pass, webSocket } = start();
    webSocket.set('opening');
    const connection = begin();
    await pass(silenceMs + 4_000);
    expect([connection.state.phase, connection.transport]).toEqual(['connected', 'http']);
  });

  it('counts as one failed attempt if the relay is down', async () => {
    const { begin, settle, clock, webSocket, http, phases } = start();
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

  it('retries the transport of a broken connection first, and then the others', async () => {
    const { begin, settle, pass, webSocket, http } = start();
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
    const { begin, settle, pass, webSocket, http } = start();
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
    const { begin, pass, settle, webSocket, http } = start({}, [
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

  it('on HTTP, probes WebSocket less and less often, without any visible change', async () => {
    const { begin, settle, pass, webSocket, phases, lost } = start();
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
    const { begin, settle, pass, webSocket, http, phases, lost } = start();
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

  it('does not return to a WebSocket that merely opens', async () => {
    const { begin, settle, pass, webSocket, phases } = start();
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
    const { begin, settle, tell, webSocket } = start();
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    webSocket.set('all');
    tell(event);
    await settle();
    expect(connection.transport).toBe('websocket');
  });

  it('probes at once on reconnect(), and stops when the connection is closed', async () => {
    const { begin, settle, webSocket, clock } = start();
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

describe('a tab that is hidden for long, with nothing to send', () => {
  it('closes its HTTP channel, and reopens it when it becomes visible', async () => {
    const { begin, settle, pass, tell, webSocket, http } = start({ hasWork: () => false });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    tell('hidden');
    await pass(longHiddenMs - 1);
    expect(connection.state.phase).toBe('connected');
    await pass(1);
    expect([connection.state.phase, http.open()]).toEqual(['offline', 0]);
    await pass(3_600_000);
    expect(connection.state.phase).toBe('offline');
    tell('visible');
    await settle();
    expect(connection.state.phase).toBe('connected');
  });

  it('keeps a WebSocket', async () => {
    const { begin, settle, pass, tell } = start({ hasWork: () => false });
    const connection = begin();
    await settle();
    tell('hidden');
    await pass(3_600_000);
    expect(connection.state.phase).toBe('connected');
  });

  it('keeps the channel until everything is sent', async () => {
    let hasWork = true;
    const { begin, settle, pass, tell, webSocket } = start({ hasWork: () => hasWork });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    tell('hidden');
    await pass(10 * longHiddenMs);
    expect(connection.state.phase).toBe('connected');
    hasWork = false;
    await pass(longHiddenMs);
    expect(connection.state.phase).toBe('offline');
  });

  it('stops retrying until there is something to send', async () => {
    const { begin, settle, pass, tell, webSocket, http } = start({ hasWork: () => false });
    webSocket.set('nothing');
    http.set('nothing');
    const connection = begin();
    await settle();
    tell('hidden');
    await pass(longHiddenMs + 60_000);
    expect(connection.state.phase).toBe('offline');
    const dialled = webSocket.channels.length;
    await pass(3_600_000);
    expect(webSocket.channels).toHaveLength(dialled);
    webSocket.set('all');
    connection.wake();
    await settle();
    expect(connection.state.phase).toBe('connected');
  });

  it('counts also if it was hidden from its start', async () => {
    const { begin, pass, tell, webSocket } = start({ hasWork: () => false });
    webSocket.set('nothing');
    tell('hidden');
    const connection = begin();
    await pass(longHiddenMs);
    expect(connection.state.phase).toBe('offline');
  });

  it('does not count after being hidden briefly', async () => {
    const { begin, settle, pass, tell, webSocket } = start({ hasWork: () => false });
    webSocket.set('nothing');
    const connection = begin();
    await settle();
    tell('hidden');
    await pass(longHiddenMs / 2);
    tell('visible');
    tell('hidden');
    await pass(longHiddenMs / 2);
    expect(connection.state.phase).toBe('connected');
    await pass(longHiddenMs / 2);
    expect(connection.state.phase).toBe('offline');
    connection.close();
  });
});

describe('the version of the app', () => {
  it('is sent to the relay, and an outdated app stops its attempts', async () => {
    const { begin, settle, pass, webSocket } = start({ appVersion: '1.9' });
    const connection = begin();
    await settle();
    const [channel] = webSocket.channels;
    expect(JSON.parse(channel?.sent[0] ?? '')).toMatchObject({ maia: 'hi', appVersion: '1.9' });
    channel?.on.received(
      JSON.stringify({ maia: 'refused', code: 'outdated', reason: 'too old', closing: true }),
    );
    expect(connection.state).toMatchObject({
      phase: 'failed',
      error: { code: 'APP_OUTDATED', details: { required: '2.0', have: '1.9' } },
    });
    await pass(600_000);
    expect([connection.state.phase, webSocket.channels.length]).toEqual(['failed', 1]);
  });
});
