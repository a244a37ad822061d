import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { createPart } from '../platform/part.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import * as channels from './channels.ts';
import { lazyTransport } from './lazy-transport.ts';
import type { ChannelEvents } from './transport.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

const platform = { fetch, clock: systemClock };
const lazyHttp = (loadPart?: () => Promise<typeof channels>) =>
  lazyTransport('http', ({ createHttpTransport }) => createHttpTransport(platform), loadPart);
const heard = () => ({ opened: vi.fn(), received: vi.fn(), closed: vi.fn() }) satisfies ChannelEvents;

describeTransport('HTTP that is fetched when it is needed', () => ({
  transport: lazyHttp(),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));

it('closes the channel where its code cannot be fetched, and the next one tries again', async () => {
  const part = createPart(
    vi.fn(() => Promise.resolve(channels)).mockRejectedValueOnce(new TypeError('no network')),
  );
  const transport = lazyHttp(part.load);
  const first = heard();
  transport.open(new URL(server.url), first);
  await vi.waitFor(() => expect(first.closed).toHaveBeenCalledOnce());
  expect(first.closed).toHaveBeenCalledWith(expect.objectContaining({ code: 'KERNEL_NOT_LOADED' }));
  const second = heard();
  const channel = transport.open(new URL(server.url), second);
  await vi.waitFor(() => expect(second.opened).toHaveBeenCalledOnce());
  channel.close();
  expect(second.closed).toHaveBeenCalledOnce();
});

it('opens nothing for a channel that was closed before its code came', async () => {
  const fetching = vi.fn(fetch);
  const transport = lazyTransport('http', ({ createHttpTransport }) =>
    createHttpTransport({ ...platform, fetch: fetching }),
  );
  const on = heard();
  const channel = transport.open(new URL(server.url), on);
  channel.close();
  channel.close();
  await import('./channels.ts');
  await Promise.resolve();
  expect(on.closed).toHaveBeenCalledOnce();
  expect(fetching).not.toHaveBeenCalled();
});
