import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { clockWithSpeed, createTestSessions } from '../../../test/support/session/test-sessions.ts';
import { signUp } from '../../session/sign-up/sign-up.ts';
import type { Channel, ChannelEvents, Transport } from '../../transport/transport.ts';
import type { SyncPeers } from '../sync-peers.ts';
import { until } from '../../../test/support/until.ts';

const url = 'wss://relay.example/sync';
const planted = new Error('planted');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function createChannel(changes: Partial<Channel> = {}) {
  return { send: vi.fn(), bufferedBytes: 0, close: vi.fn(), ...changes };
}

const transportOf = (open: (on: ChannelEvents) => unknown): Transport => ({
  name: 'own',
  open: (_, on) => open(on) as Channel,
});

async function syncOver(...transports: readonly [Transport, ...Transport[]]): Promise<SyncPeers> {
  const sync = startMemorySync(await createAgentNode(), { url, transports });
  ends.push(() => sync.close());
  return sync;
}

/** The error with which the relay's peer waits for its second attempt. */
async function errorOver(...transports: readonly [Transport, ...Transport[]]): Promise<unknown> {
  const sync = await syncOver(...transports);
  return new Promise((resolve) => {
    ends.push(
      sync.subscribe(({ peers: [peer] }) => {
        if (peer?.phase === 'waiting' && peer.attempt === 1) resolve(peer.error);
      }),
    );
  });
}

describe('a transport whose `open` throws', () => {
  const throwing = transportOf(() => {
    throw planted;
  });

  it('counts as unreachable, with the cause', async () => {
    expect(await errorOver(throwing)).toMatchObject({
      code: 'RELAY_UNREACHABLE',
      message: expect.stringContaining('own') as string,
      cause: planted,
    });
  });

  it('lets an account open', async () => {
    const sessions = await createTestSessions();
    ends.push(() => sessions.end());
    const device = sessions.device({ clock: clockWithSpeed(1) });
    const session = await signUp(device, { sync: { url, transports: [throwing] } });
    ends.push(() => session.close());
    expect(session.sync.current.peers[0]?.phase).toBe('waiting');
  });

  it('gives way to the next one', async () => {
    const open = vi.fn(() => createChannel());
    await syncOver(throwing, transportOf(open));
    await until(() => expect(open).toHaveBeenCalledOnce());
  });
});

describe('a transport that calls an event before `open` has returned', () => {
  it('is refused at once', async () => {
    const error = createKernelError('RELAY_UNREACHABLE', 'refused');
    const refusing = transportOf((on) => {
      on.closed(error);
      return createChannel();
    });
    expect(await errorOver(refusing)).toBe(error);
  });

  it('is closed with an error of its own', async () => {
    const refusing = transportOf((on) => {
      on.closed(planted as never);
      return createChannel();
    });
    expect(await errorOver(refusing)).toMatchObject({ code: 'RELAY_UNREACHABLE', cause: planted });
  });

  it('receives', async () => {
    const channel = createChannel();
    const sync = await syncOver(
      transportOf((on) => {
        on.opened();
        on.received('{"action":"known","id":"co_z1","header":false,"sessions":{}}');
        return channel;
      }),
    );
    await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
  });
});

describe('a transport that breaks its contract', () => {
  it('ends the connection with a frame that is not a string', async () => {
    const channel = createChannel();
    const binary = transportOf((on) => {
      queueMicrotask(() => {
        on.opened();
        for (let frame = 0; frame < 2; frame++) on.received(new Uint8Array(1) as never);
      });
      return channel;
    });
    expect(await errorOver(binary)).toMatchObject({
      code: 'MESSAGE_INVALID',
      message: expect.stringMatching(/own.*string/) as string,
    });
    expect(channel.close).toHaveBeenCalled();
  });

  it.each([
    ['a promise', Promise.resolve(createChannel())],
    ['nothing', undefined],
    ['a channel that does not count its bytes', createChannel({ bufferedBytes: NaN })],
  ])('fails if `open` returns %s', async (_, returned) => {
    const open = transportOf(() => returned);
    const error = await errorOver(open);
    expect(error).toMatchObject({
      code: 'RELAY_UNREACHABLE',
      message: expect.stringContaining('own') as string,
    });
    expect(error).toMatchObject({ cause: { message: expect.stringContaining('bufferedBytes') as string } });
  });

  it('ends the connection if `send` throws, although `close` does, too', async () => {
    const fail = () => {
      throw planted;
    };
    const failing = transportOf((on) => {
      queueMicrotask(() => {
        on.opened();
        on.received(JSON.stringify(testHello));
      });
      return createChannel({ send: fail, close: fail });
    });
    expect(await errorOver(failing)).toMatchObject({ cause: planted });
  });
});
