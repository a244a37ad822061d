import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';

/** A slower client is probably stalling on purpose. */
const minBytesPerMs = 10;

/** Each chunk costs memory and time, however short it is. Those of any network are longer on average. */
const minBytesPerChunk = 256;
const maxShortChunks = 1_024;
const bytesPerChunk = 300;

export interface BodyOptions {
  readonly maxBytes: number;
  readonly waitMs: number;
  readonly clock: Clock;
  /** So many bytes of memory are taken by what has arrived. The rest is read once the result has resolved; 0 when none are kept any more. */
  arrived(bytes: number): Promise<void> | undefined;
}

export type Failure = 'too large' | 'too many chunks' | 'too slow' | 'broken';

/** Reads at most `maxBytes`, within `waitMs` plus the time that the bytes need on a slow connection. Never rejects. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, waitMs, clock, arrived }: BodyOptions,
): Promise<Buffer | Failure> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('too large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const startedAtMs = clock.nowMs();
    let length = 0;
    let cancel = clock.after(waitMs, checkTime);

    function checkTime(): void {
      const leftMs = startedAtMs + waitMs + length / minBytesPerMs - clock.nowMs();
      if (leftMs > 0) cancel = clock.after(leftMs, checkTime);
      else finish('too slow');
    }

    function finish(result: Buffer | Failure): void {
      cancel();
      request.off('data', take);
      void arrived(0);
      if (typeof result === 'string') request.pause();
      resolve(result);
    }

    function take(chunk: Buffer): void {
      length += chunk.length;
      if (length > maxBytes) return finish('too large');
      chunks.push(chunk);
      if (chunks.length > maxShortChunks + length / minBytesPerChunk) return finish('too many chunks');
      const mayGoOn = arrived(length + bytesPerChunk * chunks.length);
      if (!mayGoOn) return;
      request.pause();
      void mayGoOn.then(() => request.resume());
    }

    request.on('data', take);
    request.on('end', () => finish(Buffer.concat(chunks)));
    request.on('error', () => finish('broken'));
    request.on('close', () => finish('broken'));
  });
}
