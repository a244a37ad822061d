import { inject } from 'vitest';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { createWebSocketTransport } from './web-socket.ts';

describeTransport('WebSocket in Chromium', () => ({
  transport: createWebSocketTransport(openWebSocket),
  url: new URL(inject('echoUrl')),
  refusedUrl: new URL('/refused', inject('echoUrl')),
}));
