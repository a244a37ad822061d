import { isUtf8 } from 'node:buffer';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { ClientSocket } from '../client-socket.ts';

/** A client over HTTP: what it is told goes into one response that does not end, and what it says comes in requests. */
export interface HttpSocket extends ClientSocket {
  /** A request's body. Resolves once the next may come; what is not read stays with its sender that way. */
  take(body: Buffer): Promise<void>;
}

const open = 1;
const closing = 2;
/** As long as `ws` gives a client to answer the closing. */
const closeMs = 30_000;

/** `response` has its head written. */
export function createHttpSocket(response: ServerResponse, clock: Clock): HttpSocket {
  const events = new EventEmitter();
  let readyState = open;
  let isPaused = false;
  const goOn: (() => void)[] = [];
  let cancelClose = () => {};

  function resume(): void {
    isPaused = false;
    for (const go of goOn.splice(0)) go();
  }

  // Unheard, it would end the process.
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
    // Nobody answers over HTTP. A client that is gone leaves a stream that is closed, or that is not read.
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
    on: (event: string, listener: (...heard: never[]) => void) =>
      events.on(event, listener as (...heard: unknown[]) => void),
    async take(body) {
      if (readyState !== open) return;
      events.emit('message', body, !isUtf8(body));
      if (isPaused) await new Promise<void>((go) => goOn.push(go));
    },
  };
}
