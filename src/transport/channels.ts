// What `channels-part.ts` fetches. It is imported nowhere else: a session's code has both.
export { createHttpTransport } from './http-transport.ts';
export { createWebSocketTransport } from './web-socket.ts';
