import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';

const withinMs = 2_000;
/** Twice the longest body, because one that is too long may be refused at its beginning, too. */
const maxBytes = 20_000_000;

/**
 * Reads the rest of a body and keeps none of it: if the connection were closed while the client still sends, the client might not
 * read the answer. Resolves once the client has sent all, is gone, or has sent for too long.
 */
export function discardBody(request: IncomingMessage, clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const cancel = clock.after(withinMs, finish);
    request.on('data', count);
    for (const event of ['end', 'close', 'error']) request.on(event, finish);
    request.resume();

    function count(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > maxBytes) finish();
    }

    function finish(): void {
      cancel();
      request.off('data', count).pause();
      resolve();
    }
  });
}
