import { isUtf8 } from 'node:buffer';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { ClientSocket } from '../client-socket.ts';
import type { IncomingFrame } from '../reading/incoming-frame.ts';

/** A client over HTTP. The relay sends in one long-lived response; the client sends in requests. */
export interface HttpSocket extends ClientSocket {
  /** Handles a request's body. Resolves once the client may send the next one; until then it keeps its unsent data. */
  take(body: Buffer): Promise<void>;
  /** What has arrived of a body. `readBody` checks how fast it comes. */
  readonly incoming: IncomingFrame;
  /** So many bytes of a body have arrived. Undefined if more of it may be read now; otherwise resolves once it may. */
  arrived(bytes: number): Promise<void> | undefined;
}

const open = 1;
const closing = 2;
/** The time that `ws` gives a client to answer the close frame. */
const closeMs = 30_000;

/** The head of `response` must already be written. */
export function createHttpSocket(response: ServerResponse, clock: Clock): HttpSocket {
  const events = new EventEmitter();
  let readyState = open;
  let isPaused = false;
  const onResume: (() => void)[] = [];
  let cancelClose = () => {};
  let bodyChanged: (bytes: number) => void = () => {};

  function resume(): void {
    isPaused = false;
    for (const listener of onResume.splice(0)) listener();
  }

  const resumed = () => new Promise<void>((resolve) => onResume.push(resolve));

  // Without a listener, an error would end the process.
  events.on('error', () => {});
  response.on('error', (error) => events.emit('error', error));
  response.on('close', () => {
    readyState = closing;
    cancelClose();
    resume();
    events.emit('close');
  });
  return {
    get readyState() {
      return readyState;
    },
    OPEN: open,
    get bufferedAmount() {
      return response.writableLength;
    },
    send(text, sent) {
      if (readyState === open) response.write(`data: ${text.replaceAll('\n', '\ndata: ')}\n\n`, sent);
    },
    // HTTP has no ping. If the client is gone, the stream closes or is no longer read.
    ping: () => void events.emit('pong'),
    pause() {
      isPaused = true;
    },
    resume,
    close() {
      if (readyState !== open) return;
      readyState = closing;
      response.end();
      cancelClose = clock.after(closeMs, () => response.destroy());
    },
    terminate() {
      readyState = closing;
      response.destroy();
    },
    on: (event: string, listener: (...args: never[]) => void) =>
      events.on(event, listener as (...args: unknown[]) => void),
    async take(body) {
      if (readyState !== open) return;
      events.emit('message', body, !isUtf8(body));
      if (isPaused) await resumed();
    },
    incoming: {
      isTooSlow: () => false,
      restart() {},
      onChange: (listener) => void (bodyChanged = listener),
    },
    arrived(bytes) {
      bodyChanged(bytes);
      return isPaused ? resumed() : undefined;
    },
  };
}
