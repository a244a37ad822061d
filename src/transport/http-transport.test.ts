import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { startEchoServer, type EchoServer } from '../testing/transports/echo-server.ts';
import { describeTransport } from '../testing/transports/transport-contract.ts';
import { createHttpTransport } from './http-transport.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

describeTransport('HTTP in Node', () => ({
  transport: createHttpTransport({ fetch, clock: systemClock }),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));
