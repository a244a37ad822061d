import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { watchChannel } from '../../test/support/transport/watched-channel.ts';
import { createWebSocketTransport } from './web-socket.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

describeTransport('WebSocket in Node', () => ({
  transport: createWebSocketTransport(openWebSocket),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));

it('names neither a browser nor a policy in Node, where no WebSocket can be made', async () => {
  const cause = new SyntaxError('invalid address');
  const transport = createWebSocketTransport(() => {
    throw cause;
  });
  const watched = watchChannel(transport, new URL('wss://relay.example/sync'));
  await watched.closed();
  expect(watched.error).toMatchObject({
    code: 'RELAY_UNREACHABLE',
    cause,
    message:
      'Could not reach a relay at relay.example. Retrying automatically; check that a relay is running there and that the address is correct. Edits wait on this device.',
  });
});
