import { afterAll, beforeAll } from 'vitest';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
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
