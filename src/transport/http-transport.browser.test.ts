import { inject } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { createHttpTransport } from './http-transport.ts';

// The server's origin differs from the page's.
describeTransport('HTTP in Chromium', () => ({
  transport: createHttpTransport({ fetch: (input, init) => fetch(input, init), clock: systemClock }),
  url: new URL(inject('echoUrl')),
  refusedUrl: new URL('/refused', inject('echoUrl')),
}));
