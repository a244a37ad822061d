import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { allowTime } from '../client/http/allow-time.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body: object;
}

export interface Delivery {
  /** Resolves once the client has taken the answer or is gone. Never rejects. */
  readonly ended: Promise<void>;
  /** From now on, the client may stall for no longer than this. */
  hurry(ms: number): void;
  /** Disconnects the client. */
  cut(): void;
}

export interface DeliveryOptions {
  /** How long the client may stall in total; see `allowTime`. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** So many bytes of memory are taken by the answer until it has ended. */
  sending(bytes: number): void;
  /** Called once all is sent; the response is ended after that. */
  sent(): Promise<void> | undefined;
}

const pieceBytes = 64_000;

/** Sends an answer in pieces, to find out whether the client takes them, and disconnects a client that does not. */
export function deliver(
  response: ServerResponse,
  { status, headers, body }: Answer,
  { waitMs, clock, sending, sent }: DeliveryOptions,
): Delivery {
  const { socket } = response;
  const text = Buffer.from(`${JSON.stringify(body)}\n`);
  const cut = () => void socket?.destroy();
  const allowance = allowTime(waitMs, clock, cut);
  let place = 0;

  function sendMore(): void {
    while (place < text.length) {
      const piece = text.subarray(place, place + pieceBytes);
      place += piece.length;
      const goesOn = response.write(piece);
      if (place === text.length) return end();
      if (!goesOn) return;
    }
  }

  function end(): void {
    const ending = sent();
    if (ending) void ending.then(() => response.end());
    else response.end();
  }

  const ended = new Promise<void>((resolve) => {
    const end = () => {
      allowance.end();
      resolve();
    };
    response.once('close', end);
    if (!socket || socket.destroyed) return end();
    sending(text.length);
    response.on('drain', () => {
      allowance.progressed(pieceBytes);
      sendMore();
    });
    response.writeHead(status, {
      ...headers,
      'content-type': 'application/json',
      'content-length': text.length,
    });
    sendMore();
  });
  return { ended, hurry: allowance.shorten, cut };
}
