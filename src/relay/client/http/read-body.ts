import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';

/** A line that carries less is one that somebody holds open. */
const slowestBytesPerMs = 10;

/**
 * All of a request's body, unless it is longer than `maxBytes` or comes too slowly: `waitMs` and the time that a slow line
 * needs for what has come. Never rejects.
 */
export function readBody(
  request: IncomingMessage,
  { maxBytes, waitMs, clock }: { readonly maxBytes: number; readonly waitMs: number; readonly clock: Clock },
): Promise<Buffer | 'too large' | 'too slow' | 'broken'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('too large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const startedAtMs = clock.nowMs();
    let length = 0;
    let cancel = clock.after(waitMs, look);

    function look(): void {
      const leftMs = startedAtMs + waitMs + length / slowestBytesPerMs - clock.nowMs();
      if (leftMs > 0) cancel = clock.after(leftMs, look);
      else finish('too slow');
    }

    function finish(result: Buffer | 'too large' | 'too slow' | 'broken'): void {
      cancel();
      request.off('data', take);
      if (typeof result === 'string') request.pause();
      resolve(result);
    }

    function take(chunk: Buffer): void {
      length += chunk.length;
      if (length > maxBytes) return finish('too large');
      chunks.push(chunk);
    }

    request.on('data', take);
    request.on('end', () => finish(Buffer.concat(chunks)));
    request.on('error', () => finish('broken'));
    request.on('close', () => finish('broken'));
  });
}
