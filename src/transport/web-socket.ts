import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import { oneLine } from '../wire/one-line.ts';
import { isInBrowser } from '../platform/in-browser.ts';
import type { Socket } from '../platform/socket.ts';
import { closedHere } from './closed-here.ts';
import type { Transport } from './transport.ts';

/** Sends frames over a WebSocket, the preferred channel to a relay. */
export function createWebSocketTransport(openSocket: (url: URL) => Socket): Transport {
  return {
    name: 'websocket',
    open(url, on) {
      let socket: Socket;
      try {
        socket = openSocket(url);
      } catch (cause) {
        queueMicrotask(() => on.closed(notOpened(url, cause)));
        return { send: () => {}, bufferedBytes: 0, close: () => {} };
      }
      let hasOpened = false;
      let hasEnded = false;

      // The closing handshake with a dead server takes minutes, so end the channel before the socket closes.
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
      // `close` follows and reports the failure; without a listener, the error would end a Node process.
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

/** Browsers do not reveal why opening failed. */
function lost(url: URL, hasOpened: boolean, { code, reason }: { code: number; reason: string }): KernelError {
  const details = { code, reason: oneLine(reason), host: url.host };
  if (code === messageTooBig) {
    return createKernelError(
      'MESSAGE_TOO_LARGE',
      `The relay at ${url.host} rejected a message as too large. Reconnecting automatically; if this continues, allow larger messages there.`,
      { details },
    );
  }
  return createKernelError(
    'RELAY_UNREACHABLE',
    hasOpened
      ? `The connection to the relay at ${url.host} was lost. Reconnecting automatically.`
      : couldNotReach(url),
    { details },
  );
}

function notText(url: URL): KernelError {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `The server at ${url.host} sends binary messages, which no relay does. Check the relay’s address.`,
  );
}

function notOpened(url: URL, cause: unknown): KernelError {
  return createKernelError(
    'RELAY_UNREACHABLE',
    isInBrowser()
      ? `The browser refused to connect to ${url.host}. Allow it in the page’s Content-Security-Policy (connect-src), and use wss:// from a page served over HTTPS.`
      : couldNotReach(url),
    { cause },
  );
}

function couldNotReach({ host }: URL): string {
  return `Could not reach a relay at ${host}. Retrying automatically; check that a relay is running there and that the address is correct. Edits wait on this device.`;
}
