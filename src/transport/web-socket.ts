import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import type { Socket } from '../platform/socket.ts';
import { closedHere } from './closed-here.ts';
import type { Transport } from './transport.ts';

/** Frames over a WebSocket, the ordinary channel to a relay. */
export function createWebSocketTransport(openSocket: (url: URL) => Socket): Transport {
  return {
    name: 'websocket',
    open(url, on) {
      let socket: Socket;
      try {
        socket = openSocket(url);
      } catch (cause) {
        queueMicrotask(() => on.closed(refusedByBrowser(url, cause)));
        return { send: () => {}, bufferedBytes: 0, close: () => {} };
      }
      let hasOpened = false;
      let hasEnded = false;

      // The closing handshake with a dead server takes minutes, so the channel ends before the socket does.
      function end(error: KernelError, code = 1000, reason = ''): void {
        if (hasEnded) return;
        hasEnded = true;
        socket.close(code, reason);
        on.closed(error);
      }

      socket.addEventListener('open', () => {
        hasOpened = true;
        if (!hasEnded) on.opened();
      });
      socket.addEventListener('message', ({ data }) => {
        if (hasEnded) return;
        if (typeof data === 'string') on.received(data);
        else end(notText(url));
      });
      socket.addEventListener('close', (event) => end(lost(url, hasOpened, event)));
      // A failure is told by `close`, which follows; unheard, it would end a Node process.
      socket.addEventListener('error', () => {});
      return {
        send: (frame) => socket.send(frame),
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
        close: (code, reason) => end(closedHere(), code, reason),
      };
    },
  };
}

/** RFC 6455, 7.4.1. */
const messageTooBig = 1009;

/** All that a browser tells about a failed opening is that it failed. */
function lost(url: URL, hasOpened: boolean, { code, reason }: { code: number; reason: string }): KernelError {
  const details = { code, reason, host: url.host };
  if (code === messageTooBig) {
    return createKernelError(
      'MESSAGE_TOO_LARGE',
      `The relay at ${url.host} took a message for too large and closed the connection. It is opened again by itself; if it goes on, allow larger messages at the relay.`,
      { details },
    );
  }
  return hasOpened
    ? createKernelError(
        'RELAY_UNREACHABLE',
        `The connection to the relay at ${url.host} was lost. It is opened again by itself.`,
        { details },
      )
    : createKernelError(
        'RELAY_UNREACHABLE',
        `No relay could be reached at ${url.host}. It is tried again by itself; check that a relay runs there, and that the address is right.`,
        { details },
      );
}

function notText(url: URL): KernelError {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `What answers at ${url.host} sends binary messages, which no relay does. Check the relay’s address.`,
  );
}

function refusedByBrowser(url: URL, cause: unknown): KernelError {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The browser refused to connect to ${url.host}. Allow it in the page’s Content-Security-Policy (connect-src), and use wss: from a page served over https:.`,
    { cause },
  );
}
