import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
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
