import type { StorageAPI } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { Readable } from '../base/readable.ts';

/** cojson's storage for this device, which also says truthfully how it is doing. */
export interface DeviceStorage extends StorageAPI {
  readonly status: Readable<StorageStatus>;
  /** Writes out what is queued, then closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/** 'kernel': our own engine. 'cojson-indexeddb': what stock cojson uses. 'memory': nothing is kept. */
export type StorageKind = 'kernel' | 'cojson-indexeddb' | 'memory';

export interface StorageStatus {
  readonly kind: StorageKind | 'custom';
  /** `failing`: writes fail and are retried, nothing is dropped. `memory-only`: nothing is kept on this device. */
  readonly state: 'ok' | 'failing' | 'memory-only';
  readonly persisted?: boolean;
  readonly usedBytes?: number;
  readonly quotaBytes?: number;
  readonly error?: KernelError;
  readonly takeover?: { readonly done: number; readonly total: number };
}
