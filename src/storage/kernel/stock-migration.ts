import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { takeOverStock, type TakeOverProgress } from './migrate-stock.ts';

/** Goes on until all is taken over, while the account is used. */
export interface TakingOver {
  readonly isDone: boolean;
  /** Resolves once nothing of it is under way any more. */
  close(): Promise<void>;
}

const firstDelayMs = 1_000;
const longestDelayMs = 60_000;

export function beginTakingOver(options: {
  readonly indexedDB: IDBFactory;
  readonly accountID: string;
  readonly platform: Pick<Platform, 'clock' | 'locks'>;
  readonly logger: Logger;
  progress(progress: TakeOverProgress): void;
  failed(error: KernelError): void;
  done(): void;
}): TakingOver {
  const { accountID, platform, logger, failed, done } = options;
  const { clock, locks } = platform;
  const ending = new AbortController();
  const { signal } = ending;
  let isDone = false;

  function takeOver(): Promise<void> {
    const run = () => takeOverStock({ ...options, clock, signal });
    // Tabs that copied the same at once would do no harm, and no good.
    return locks ? locks.request(`maia/take-over/${accountID}`, { signal }, run) : run();
  }

  async function untilDone(): Promise<void> {
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(longestDelayMs, delayMs * 2)) {
      try {
        await takeOver();
        isDone = true;
        return done();
      } catch (error) {
        if (signal.aborted) return;
        const reason = storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
        logger.warn('The old database could not be taken over now', { code: reason.code });
        failed(reason);
        await pause(delayMs);
      }
    }
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  const running = untilDone();
  return {
    get isDone() {
      return isDone;
    },
    close() {
      ending.abort();
      return running;
    },
  };
}
