import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { migrateStock, type MigrationProgress } from './migrate-stock.ts';

/** Migrates in the background while the account is used, with retries. */
export interface StockMigration {
  readonly isDone: boolean;
  /** Resolves once it has stopped. */
  close(): Promise<void>;
}

const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

export function startStockMigration(options: {
  readonly indexedDB: IDBFactory;
  readonly accountID: string;
  readonly platform: Pick<Platform, 'clock' | 'locks'>;
  readonly logger: Logger;
  progress(progress: MigrationProgress): void;
  failed(error: KernelError): void;
  done(): void;
}): StockMigration {
  const { accountID, platform, logger, failed, done } = options;
  const { clock, locks } = platform;
  const ending = new AbortController();
  const { signal } = ending;
  let isDone = false;

  function migrate(): Promise<void> {
    const run = () => migrateStock({ ...options, clock, signal });
    // Concurrent copies would be harmless but useless.
    return locks ? locks.request(`maia/take-over/${accountID}`, { signal }, run) : run();
  }

  async function untilDone(): Promise<void> {
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(maxDelayMs, delayMs * 2)) {
      try {
        await migrate();
        isDone = true;
        return done();
      } catch (error) {
        if (signal.aborted) return;
        const reason = storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
        logger.warn('Moving the old database failed and will be retried', { code: reason.code });
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
