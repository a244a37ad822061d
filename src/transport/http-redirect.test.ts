import { expect, it, vi } from 'vitest';
import { watchChannel } from '../../test/support/transport/watched-channel.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../base/clock.ts';
import { createHttpTransport } from './http-transport.ts';

it('[CONN-18] neither stream nor request follows a redirect, which could lead to another server or out of encryption', async () => {
  const fetch = vi.fn<typeof globalThis.fetch>((_, { method } = {}) =>
    Promise.resolve(
      method === 'POST'
        ? new Response(null, { status: 204 })
        : new Response(new ReadableStream(), {
            headers: { 'content-type': 'text/event-stream', 'maia-channel': 'A'.repeat(22) },
          }),
    ),
  );
  const transport = createHttpTransport({ fetch, clock: systemClock });
  const watched = watchChannel(transport, new URL('wss://relay.example/sync'));
  await watched.opened();
  watched.channel.send('{"maia":"auth","method":"jwt","token":"CANARY"}');
  await until(() => expect(fetch).toHaveBeenCalledTimes(2));
  watched.channel.close();
  expect(fetch.mock.calls.map(([, init]) => init?.redirect)).toEqual(['error', 'error']);
});
