import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';

/** A slower client is probably stalling on purpose. */
const minBytesPerMs = 10;

/** Reads at most `maxBytes`, within `waitMs` plus the time that the bytes need on a slow connection. Never rejects. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, waitMs, clock }: { readonly maxBytes: number; readonly waitMs: number; readonly clock: Clock },
): Promise<Buffer | 'too large' | 'too slow' | 'broken'> {
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
