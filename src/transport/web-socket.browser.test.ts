import { expect, inject, it } from 'vitest';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { watchChannel } from '../../test/support/transport/watched-channel.ts';
import { createWebSocketTransport } from './web-socket.ts';

describeTransport('WebSocket in Chromium', () => ({
  transport: createWebSocketTransport(openWebSocket),
  url: new URL(inject('echoUrl')),
  refusedUrl: new URL('/refused', inject('echoUrl')),
}));

it('names the page’s policy where the browser refuses to make a WebSocket', async () => {
  const transport = createWebSocketTransport(() => {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  });
  const watched = watchChannel(transport, new URL('wss://relay.example/sync'));
  await watched.closed();
  expect(watched.error?.message).toContain('Content-Security-Policy (connect-src)');
});
