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
}

const pieceBytes = 64_000;

/** Sends an answer in pieces, to find out whether the client takes them, and disconnects a client that does not. */
export function deliver(
  response: ServerResponse,
  { status, headers, body }: Answer,
  { waitMs, clock, sending }: DeliveryOptions,
): Delivery {
  const { socket } = response;
  const text = Buffer.from(`${JSON.stringify(body)}\n`);
  const cut = () => void socket?.destroy();
  const allowance = allowTime(waitMs, clock, cut);
  let place = 0;

  function sendMore(): void {
    for (;;) {
      const piece = text.subarray(place, place + pieceBytes);
      place += piece.length;
      if (place === text.length) return void response.end(piece);
      if (!response.write(piece)) return;
    }
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
