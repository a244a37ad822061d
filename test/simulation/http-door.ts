import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../src/base/clock.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import { refuse } from '../../src/relay/client/http/cross-origin.ts';
import { createHttpChannels, type HttpChannels } from '../../src/relay/client/http/http-channels.ts';

/** The parts of a request that the relay reads, and what the simulation does when it opens a channel. */
export class SimRequest extends EventEmitter {
  readonly url = '/sync';

  constructor(
    readonly method: string,
    readonly headers: IncomingMessage['headers'],
    readonly opened: (socket: ClientSocket) => void,
  ) {
    super();
  }

  pause(): void {}

  arrives(body: Uint8Array): void {
    this.emit('data', Buffer.from(body));
    this.emit('end');
  }
}

/** Where the relay's answer goes. */
export interface ResponseWay {
  readonly bufferedBytes: number;
  head(status: number, headers: Readonly<Record<string, string>>): void;
  push(text: string, sent?: () => void): void;
  /** Everything pushed arrives before it. */
  end(): void;
  breakOff(): void;
}

/** The parts of a response that the relay uses. Emits `close` once, when it has ended or its client is gone. */
export class SimResponse extends EventEmitter {
  #headers: Record<string, string> = {};
  #status: number | undefined;
  #isClosed = false;

  constructor(private readonly way: ResponseWay) {
    super();
  }

  get writableLength(): number {
    return this.way.bufferedBytes;
  }

  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  writeHead(status: number, headers: Readonly<Record<string, string>> = {}): this {
    this.#status = status;
    Object.assign(this.#headers, headers);
    this.way.head(status, this.#headers);
    return this;
  }

  flushHeaders(): void {}

  write(text: string, sent?: (error?: Error | null) => void): void {
    if (this.#isClosed) sent?.(new Error('The response is closed.'));
    else this.way.push(text, sent);
  }

  end(): void {
    if (!this.#isClosed) this.way.end();
    this.closed();
  }

  destroy(): void {
    if (!this.#isClosed) this.way.breakOff();
    this.closed();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.emit('close');
  }

  get status(): number | undefined {
    return this.#status;
  }
}

/** A relay's process as a server of HTTP. Another process knows none of its channels. */
export interface HttpDoor {
  answer(request: SimRequest, response: SimResponse): void;
}

/** `serves`: whether the process accepts clients. */
export function createHttpDoor(clock: Clock, serves: () => boolean): HttpDoor {
  const channels: HttpChannels = createHttpChannels({
    maxPayload: 100_000_000,
    bodyMs: 10_000,
    clock,
    origins: { allows: () => true, refused() {} },
    open: (request, socket) => (request as unknown as SimRequest).opened(socket),
  });
  return {
    answer(request, response) {
      const answered = response as unknown as ServerResponse;
      if (serves()) channels.answer(request as unknown as IncomingMessage, answered);
      else refuse(answered, 503, 'The relay is starting or stopping.');
    },
  };
}
