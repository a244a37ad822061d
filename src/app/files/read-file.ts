import type { Clock } from '../../base/clock.ts';
import { isKernelError, type LoadDelay } from '../../base/kernel-error.ts';
import type { WaitOptions } from '../../sync/sync-peers.ts';
import type { Loads } from '../loads/create-loads.ts';
import { loadAborted, loadAfterClose, loadTimedOut } from '../loads/load-errors.ts';
import { brokenFile } from './file-errors.ts';
import type { WatchedFile } from './watched-file.ts';

const defaultIdleMs = 10_000;

export interface ReadParts {
  readonly load: Loads['load'];
  readonly clock: Clock;
  /** Aborted when the session is closed. */
  readonly closing: AbortSignal;
}

/** Waits for the whole file. If it does not come, another load gives the reason. */
export function readFile(
  { load, clock, closing }: ReadParts,
  file: WatchedFile,
  id: string,
  { signal, timeoutMs }: WaitOptions,
): Promise<Blob> {
  const waitMs = timeoutMs ?? defaultIdleMs;
  const ended = new AbortController();
  const on = { signal: ended.signal };
  let cancelTimeout = () => {};

  function waitAnew(timeOut: () => void): void {
    cancelTimeout();
    cancelTimeout = clock.after(waitMs, timeOut);
  }

  const reading = new Promise<Blob>((resolve, reject) => {
    const timedOut = (because: LoadDelay) => reject(loadTimedOut(id, waitMs, because));

    function timeOut(): void {
      load(id, { timeoutMs: 0 }).then(
        () => timedOut('no-answer'),
        (error: Error) =>
          isKernelError(error, 'TIMEOUT') ? timedOut(error.details.because ?? 'no-answer') : reject(error),
      );
    }

    signal?.addEventListener('abort', () => reject(loadAborted(id, signal)), on);
    closing.addEventListener('abort', () => reject(loadAfterClose()), on);
    waitAnew(timeOut);
    // It stays so where it is shown, also once this account may no longer read it, or it was deleted.
    const isShown = file.current.state === 'ready';
    const end = file.subscribe((now) => {
      if (now.state === 'ready' && isShown)
        load(id, { timeoutMs: waitMs }).then(() => resolve(now.blob), reject);
      else if (now.state === 'ready') resolve(now.blob);
      else if (now.state === 'broken') reject(brokenFile(id));
      else if (now.state !== 'loading') load(id, { timeoutMs: waitMs }).catch(reject);
      else if (timeoutMs === undefined) waitAnew(timeOut);
    });
    ended.signal.addEventListener('abort', end);
  });
  return reading.finally(() => {
    ended.abort();
    cancelTimeout();
  });
}
