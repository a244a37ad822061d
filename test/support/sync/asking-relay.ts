import type { LocalNode } from 'cojson';
import { expect, onTestFinished, vi, type Mock } from 'vitest';
import { createKernelError, type KernelError } from '../../../src/base/kernel-error.ts';
import { createPacer } from '../../../src/base/pacer.ts';
import type { AccountKeys } from '../../../src/sync/auth/account-proof.ts';
import { createCredentials } from '../../../src/sync/auth/credentials.ts';
import type { RelayAuth } from '../../../src/sync/auth/relay-auth.ts';
import { createConnection, type Connection } from '../../../src/sync/connection/connection.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';
import type { ChannelEvents, Transport } from '../../../src/transport/transport.ts';
import { createFakePage } from '../platform/fake-page.ts';
import { testHello } from '../transport/test-hello.ts';

export const demand = { nonce: 'nonce-of-the-hello', methods: ['jwt', 'account'], withinMs: 10_000 };
export const askingHello = { ...testHello, auth: demand };
export const welcome = { maia: 'welcome', principal: 'token', nonce: 'nonce-of-the-welcome' };

export const unauthorized = { maia: 'refused', code: 'unauthorized', reason: 'No.', closing: true };

type Frame = Readonly<Record<string, unknown>>;

/** One channel, whose relay is the test. */
export interface AskedChannel {
  readonly transport: string;
  readonly sent: readonly Frame[];
  readonly isOpen: boolean;
  readonly hasSpoken: boolean;
  /** Each message is a frame. */
  say(...messages: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

/** A connection to a relay that a test plays by hand. */
export interface AskingRelay {
  readonly clock: FakeClock;
  readonly connection: Connection;
  readonly channels: readonly AskedChannel[];
  /** The latest one. */
  readonly channel: AskedChannel;
  readonly ready: Mock;
  readonly changed: Mock;
  readonly received: Mock;
  /** Errors of renewals. */
  readonly renewalErrors: readonly KernelError[];
  readonly error: KernelError | undefined;
  /** Passes time in steps, in which the relay pings. */
  pass(ms: number): Promise<void>;
}

export function askingRelay(options: {
  readonly auth?: RelayAuth;
  readonly node?: LocalNode;
  readonly account?: AccountKeys;
  readonly url?: string;
  readonly transports?: readonly string[];
}): AskingRelay {
  const { auth, node, account, url = 'wss://relay.example/sync', transports = ['websocket'] } = options;
  const clock = createFakeClock();
  const channels: AskedChannel[] = [];
  const renewalErrors: KernelError[] = [];
  const ready = vi.fn();
  const changed = vi.fn();
  const received = vi.fn((message) => message as unknown);
  const nothing = () => {};

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  }

  const transport = (name: string): Transport => ({
    name,
    open(_, on: ChannelEvents) {
      const sent: Frame[] = [];
      let isOpen = true;
      let hasSpoken = false;
      const end = () => {
        if (!isOpen) return;
        isOpen = false;
        on.closed(createKernelError('RELAY_UNREACHABLE', 'The channel closed.', { details: { host: 'x' } }));
      };
      channels.push({
        transport: name,
        sent,
        get isOpen() {
          return isOpen;
        },
        async say(...messages) {
          hasSpoken = true;
          for (const message of messages) {
            if (isOpen) on.received(JSON.stringify(message));
            await settle();
          }
        },
        get hasSpoken() {
          return hasSpoken;
        },
        async close() {
          end();
          await settle();
        },
      });
      queueMicrotask(() => {
        if (isOpen) on.opened();
      });
      return {
        send: (frame) => void sent.push(...frame.split('\n').map((line) => JSON.parse(line) as Frame)),
        bufferedBytes: 0,
        close: end,
      };
    },
  });

  const [first = 'websocket', ...others] = transports;
  const connection = createConnection({
    urls: [new URL(url)],
    peerID: 'relay',
    transports: [transport(first), ...others.map(transport)],
    credentials: createCredentials({ auth, node: node as LocalNode, account, clock }),
    platform: { clock, page: createFakePage(), random: (length) => new Uint8Array(length).fill(128) },
    pacer: createPacer({ nowMs: clock.nowMs, nextTask: () => Promise.resolve() }),
    on: {
      ...{ changed, ready },
      lost: nothing,
      sending: (message) => message,
      sent: nothing,
      drained: nothing,
      withheld: nothing,
      received: (message) => received(message) as typeof message,
      refused: nothing,
      relayClock: nothing,
      renewalFailed: (error) => void renewalErrors.push(error),
    },
  });
  onTestFinished(() => connection.close());

  return {
    clock,
    connection,
    channels,
    get channel() {
      const latest = channels.at(-1);
      if (!latest) throw new Error('Nothing was dialled.');
      return latest;
    },
    ...{ ready, changed, received, renewalErrors },
    get error() {
      return 'error' in connection.state ? connection.state.error : undefined;
    },
    async pass(ms) {
      const endMs = clock.elapsedMs() + ms;
      await settle();
      while (clock.elapsedMs() < endMs) {
        clock.advance(Math.min(1_000, endMs - clock.elapsedMs()));
        await settle();
        // A ping before the hello is a stock server's.
        for (const channel of channels)
          if (channel.hasSpoken) await channel.say({ type: 'ping', time: 1, dc: 'x' });
      }
    },
  };
}

/** What was sent, by its name. */
export function names(channel: AskedChannel): readonly unknown[] {
  return channel.sent.map(({ maia, action }) => maia ?? action);
}

/** Every `auth` that was sent. */
export function auths({ channels }: AskingRelay) {
  return channels.flatMap(({ sent }) => sent.filter(({ maia }) => maia === 'auth'));
}

/** Each token differs from those before it. */
export function tokens() {
  let count = 0;
  return vi.fn(() => Promise.resolve(`token-${++count}`));
}

/** The relay has sent its hello. */
export async function asked(
  options: Parameters<typeof askingRelay>[0],
  hello: object = askingHello,
): Promise<AskingRelay> {
  const relay = askingRelay(options);
  await relay.pass(0);
  await relay.channel.say(hello);
  return relay;
}

/** The device is signed in. */
export async function welcomed(token: () => Promise<string>, expiresInMs?: number): Promise<AskingRelay> {
  const relay = await asked({ auth: { token } });
  await relay.channel.say({ ...welcome, ...(expiresInMs !== undefined && { expiresInMs }) });
  expect(relay.connection.state.phase).toBe('connected');
  return relay;
}
