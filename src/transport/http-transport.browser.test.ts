import { expect, inject, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { watchChannel } from '../../test/support/transport/watched-channel.ts';
import { createHttpTransport } from './http-transport.ts';

// The server's origin differs from the page's.
describeTransport('HTTP in Chromium', () => ({
  transport: createHttpTransport({ fetch: (input, init) => fetch(input, init), clock: systemClock }),
  url: new URL(inject('echoUrl')),
  refusedUrl: new URL('/refused', inject('echoUrl')),
}));

it('names the page’s policy where nothing answers, because it may be the cause', async () => {
  const transport = createHttpTransport({
    fetch: () => Promise.reject(new TypeError('Failed to fetch')),
    clock: systemClock,
  });
  const watched = watchChannel(transport, new URL('wss://relay.example/sync'));
  await watched.closed();
  expect(watched.error?.message).toContain('Content-Security-Policy (connect-src)');
});
