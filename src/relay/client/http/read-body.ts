import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import { allowTime } from './allow-time.ts';

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
  /** Ends the reading of a body that is not complete: it is `broken`. */
  readonly signal?: AbortSignal;
}

export type Failure = 'too large' | 'too many chunks' | 'too slow' | 'broken';

/** Reads at most `maxBytes`. The client may stall for `waitMs`; see `allowTime`. Never rejects. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, waitMs, clock, arrived, signal }: BodyOptions,
): Promise<Buffer | Failure> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('too large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isFinished = false;
    const allowance = allowTime(waitMs, clock, () => finish('too slow'));
    const abort = () => {
      if (!request.complete) finish('broken');
    };

    function finish(result: Buffer | Failure): void {
      isFinished = true;
      allowance.end();
      signal?.removeEventListener('abort', abort);
      request.off('data', take);
      void arrived(0);
      if (typeof result === 'string') {
        request.pause();
        chunks.length = 0;
      }
      resolve(result);
    }

    function take(chunk: Buffer): void {
      length += chunk.length;
      allowance.progressed(chunk.length);
      if (length > maxBytes) return finish('too large');
      chunks.push(chunk);
      if (chunks.length > maxShortChunks + length / minBytesPerChunk) return finish('too many chunks');
      const mayGoOn = arrived(length + bytesPerChunk * chunks.length);
      if (!mayGoOn) return;
      request.pause();
      allowance.hold();
      void mayGoOn.then(() => {
        if (!isFinished) allowance.goOn();
        if (!isFinished) request.resume();
      });
    }

    request.on('data', take);
    request.on('end', () => finish(Buffer.concat(chunks)));
    request.on('error', () => finish('broken'));
    request.on('close', () => finish('broken'));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
}
