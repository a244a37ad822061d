import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import type { Platform } from '../../platform/platform.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { migrateStock, type MigrationProgress } from './migrate-stock.ts';

/** Migrates in the background while the account is used, with retries. */
export interface StockMigration {
  readonly isDone: boolean;
  /** Resolves once it has stopped. */
  close(): Promise<void>;
}

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

  async function migrate(): Promise<void> {
    const run = () => migrateStock({ ...options, clock, signal });
    // Concurrent copies would be harmless but useless.
    await (locks ? locks.request(`maia/take-over/${accountID}`, { signal }, run) : run());
    isDone = true;
    done();
  }

  const running = retry(migrate, {
    clock,
    signal,
    failed(error) {
      const reason = storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
      logger.warn('Moving the old database failed and will be retried', { code: reason.code });
      failed(reason);
    },
    firstDelayMs: 1_000,
    maxDelayMs: 60_000,
  });
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
