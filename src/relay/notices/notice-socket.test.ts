import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { until } from '../../../test/support/until.ts';
import { keepAlive } from '../serving/keep-alive.ts';
import { StatelessRefusal } from '../stateless/refusal.ts';
import { NoticeSocket } from './notice-socket.ts';
import type { Forbidden } from './watched-collections.ts';

function setUp() {
  const clock = createFakeClock();
  const sent: Record<string, unknown>[] = [];
  const read: (() => void)[] = [];
  let isRead = true;
  const socket = Object.assign(new EventEmitter(), {
    bufferedAmount: 0,
    send(text: string, done?: () => void) {
      sent.push(JSON.parse(text) as Record<string, unknown>);
      if (done) read.push(done);
      if (isRead) for (const run of read.splice(0)) run();
    },
    close: vi.fn<(code: number) => void>(),
    ...{ ping: vi.fn(), terminate: vi.fn(), pause: vi.fn(), resume: vi.fn() },
  });
  let hasEnded = false;
  const watched = {
    watch: vi.fn((): Promise<Forbidden | undefined> => Promise.resolve(undefined)),
    unwatch: vi.fn(),
  };
  const check = () => {
    if (hasEnded) throw new StatelessRefusal('expired', 'The token has expired. Get a new one.');
  };
  const notices = new NoticeSocket(
    socket as unknown as WebSocket,
    'address',
    { isTooSlow: () => false, restart() {}, onChange() {} },
    {
      ...{ watched, clock, logger: silentLogger, authMs: 10_000, random: () => 0.5 },
      openMemory: () => ({ hold() {}, mustWait: () => false, close() {} }),
      hindrance: () => undefined,
      checkToken: () => Promise.resolve({ principal: { kind: 'account', id: 'co_zAlice' }, check }),
      refused() {},
    },
  );
  return {
    ...{ clock, sent, socket, watched, notices },
    auth: () =>
      socket.emit(
        'message',
        Buffer.from(JSON.stringify({ type: 'auth', clientId: 'me', collections: ['co_zA'] })),
        false,
      ),
    endToken: () => void (hasEnded = true),
    stall() {
      isRead = false;
      return () => {
        isRead = true;
        for (const run of read.splice(0)) run();
      };
    },
  };
}

async function signedIn() {
  const one = setUp();
  one.auth();
  await until(() => expect(one.sent).toEqual([{ type: 'auth-ok' }]));
  return one;
}

it('[RELAY-74] an idle socket has no timer, is pinged each 20 s, and terminated after 45 s without an answer', async () => {
  const { clock, socket, notices } = await signedIn();
  expect(clock.waiting).toBe(0);
  const pings = keepAlive(clock);
  const leave = pings.enter(notices);
  const pass = (seconds: number) => {
    for (let count = 0; count < 10 * seconds; count++) clock.advance(100);
  };
  for (let count = 0; count < 10; count++) {
    pass(20);
    socket.emit('pong');
  }
  expect(socket.ping).toHaveBeenCalledTimes(10);
  expect(socket.terminate).not.toHaveBeenCalled();
  pass(44);
  expect(socket.terminate).not.toHaveBeenCalled();
  pass(6);
  expect(socket.terminate).toHaveBeenCalled();
  leave();
  pings.stop();
});

it('[RELAY-76] it is closed when its token ends, and gets no notice then', async () => {
  const { sent, socket, notices, watched, endToken } = await signedIn();
  notices.ping();
  expect(socket.close).not.toHaveBeenCalled();
  endToken();
  notices.ping();
  expect(socket.close).toHaveBeenCalledWith(4401);
  expect(sent.at(-1)).toMatchObject({ type: 'error', code: 'expired' });
  expect(watched.unwatch).toHaveBeenCalled();
  notices.notify(['co_zA']);
  expect(sent).toHaveLength(2);
});

it('[RELAY-74] notices that a client does not take become one, 250 ms after the last', async () => {
  const { clock, sent, notices, stall } = await signedIn();
  const tables = () => sent.slice(1).map((one) => one.tables);
  const takeAll = stall();
  notices.notify(['co_zA']);
  for (let count = 0; count < 1_000; count++) notices.notify(['co_zA', 'co_zB']);
  expect(tables()).toEqual([['co_zA']]);
  clock.advance(100);
  takeAll();
  expect(tables()).toHaveLength(1);
  clock.advance(150);
  expect(tables()).toEqual([['co_zA'], ['co_zA', 'co_zB']]);
});

it('[RELAY-74] what changes before `auth-ok` comes after it', async () => {
  const { sent, notices, auth, watched, clock, socket } = setUp();
  let finish: (refused: Forbidden | undefined) => void = () => {};
  watched.watch.mockReturnValue(new Promise((resolve) => (finish = resolve)));
  auth();
  await until(() => expect(watched.watch).toHaveBeenCalled());
  notices.notify(['co_zA']);
  expect(sent).toEqual([]);
  // A slow check is no reason to refuse the client.
  clock.advance(10_000);
  finish(undefined);
  await until(() => expect(sent).toHaveLength(2));
  expect(sent).toEqual([{ type: 'auth-ok' }, { type: 'sync-available', tables: ['co_zA'] }]);
  expect(socket.close).not.toHaveBeenCalled();
});

it('[RELAY-81] a client that `authorize` does not allow a collection may ask again, and one that may not list it may not', async () => {
  const [one, other] = [await signedIn(), await signedIn()];
  one.notices.forbid({ id: 'co_zA', why: 'not-authorized' });
  expect(one.sent.at(-1)).toMatchObject({ type: 'error', code: 'forbidden', ids: ['co_zA'] });
  expect(one.sent.at(-1)?.retryAfterMs).toBeGreaterThanOrEqual(30_000);
  other.notices.forbid({ id: 'co_zA', why: 'not-listed' });
  expect(other.sent.at(-1)).toMatchObject({ type: 'error', code: 'forbidden', ids: ['co_zA'] });
  expect(other.sent.at(-1)).not.toHaveProperty('retryAfterMs');
  for (const { socket } of [one, other]) expect(socket.close).toHaveBeenCalledWith(4403);
});

it('[RELAY-74] a second `auth` before the answer to the first is refused, and a socket that does not close is terminated', async () => {
  const { auth, socket, clock, watched } = setUp();
  watched.watch.mockReturnValue(new Promise(() => {}));
  auth();
  auth();
  expect(socket.close).toHaveBeenCalledWith(4400);
  clock.advance(5_000);
  await until(() => expect(socket.terminate).toHaveBeenCalled());
});
