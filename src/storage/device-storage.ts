import type { StorageAPI } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { Readable } from '../base/readable.ts';

/** cojson's storage on this device, with a status that reports failures. */
export interface DeviceStorage extends StorageAPI {
  readonly status: Readable<StorageStatus>;
  /** Flushes queued writes, then closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/** 'kernel': our own engine. 'cojson-indexeddb': stock cojson storage. 'memory': stores nothing. */
export type StorageKind = 'kernel' | 'cojson-indexeddb' | 'memory';

export interface StorageStatus {
  readonly kind: StorageKind | 'custom';
  /** `failing`: writes fail and are retried; no data is dropped. `memory-only`: nothing is stored on this device. */
  readonly state: 'ok' | 'failing' | 'memory-only';
  readonly persisted?: boolean;
  readonly usedBytes?: number;
  readonly quotaBytes?: number;
  readonly error?: KernelError;
  readonly takeover?: { readonly done: number; readonly total: number };
}
