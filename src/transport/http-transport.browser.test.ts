import { inject } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { describeTransport } from '../testing/transports/transport-contract.ts';
import { createHttpTransport } from './http-transport.ts';

// The server is of another origin than the page.
describeTransport('HTTP in Chromium', () => ({
  transport: createHttpTransport({ fetch: (input, init) => fetch(input, init), clock: systemClock }),
  url: new URL(inject('echoUrl')),
  refusedUrl: new URL('/refused', inject('echoUrl')),
}));
