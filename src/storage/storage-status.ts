import { isEqual } from '../base/equal.ts';
import type { KernelError } from '../base/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { StorageStatus } from './device-storage.ts';
import { createStorageQuota, type QuotaStatus, type StorageQuota } from './quota/storage-quota.ts';

/** Combines writes, quota and migration into the published status of a persistent storage. */
export interface StorageStatusParts {
  readonly readable: Readable<StorageStatus>;
  readonly quota: StorageQuota;
  failing(error: KernelError): void;
  /** A transaction has committed. */
  wrote(): void;
  /** Undefined once nothing is left to migrate. */
  migrating(progress: StorageStatus['takeover']): void;
  /** The migration will be retried; until then the remaining content is read from the old database. */
  migrationFailed(error: KernelError): void;
}

export function createStorageStatus(
  kind: 'kernel' | 'cojson-indexeddb',
  platform: Pick<Platform, 'clock' | 'storageManager'>,
): StorageStatusParts {
  const readable = createReadable<StorageStatus>({ kind, state: 'ok' }, isEqual);
  let quotaStatus: QuotaStatus = {};
  let failure: KernelError | undefined;
  let takeover: StorageStatus['takeover'];
  let migrationFailure: KernelError | undefined;
  const quota = createStorageQuota({
    manager: platform.storageManager,
    clock: platform.clock,
    onChange(status) {
      quotaStatus = status;
      publish();
    },
  });
  quota.check();

  function publish(): void {
    const error = failure ?? migrationFailure;
    readable.set({
      kind,
      state: failure ? 'failing' : 'ok',
      ...quotaStatus,
      ...(takeover && { takeover }),
      ...(error && { error }),
    });
  }

  return {
    readable,
    quota,
    failing(error) {
      failure = error;
      publish();
    },
    wrote() {
      failure = undefined;
      publish();
      quota.persist();
      quota.check();
    },
    migrating(progress) {
      takeover = progress;
      migrationFailure = undefined;
      publish();
    },
    migrationFailed(error) {
      migrationFailure = error;
      publish();
    },
  };
}
