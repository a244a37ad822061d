import type { CoValueHeader, StorageAPI } from 'cojson';
import type { KernelError } from '../platform/kernel-error.ts';
import type { Readable } from '../platform/readable.ts';
import type { StorageInspection } from './storage-inspection.ts';

// These types are public, where cojson's namespace of internal ones cannot be: see cojson-internal-types.ts.
type NewContent = Parameters<StorageAPI['store']>[0];
type KnownState = ReturnType<StorageAPI['getKnownState']>;

/** cojson's storage for this device, which also says truthfully how it is doing. */
export interface DeviceStorage extends StorageAPI {
  readonly status: Readable<StorageStatus>;
  /** Writes that wait for the database, for the devtools. Absent where there is no queue. */
  readonly queuedWrites?: number;
  /** Of these, writes of content: what would be lost with the page. */
  readonly queuedContent?: number;
  /**
   * What other tabs have written of a CoValue beyond what the caller has. With `saved`, the counts of transactions that are
   * known to be there, it looks no further than for these. Absent where only all of it can be read. Rejects where it cannot be.
   */
  loadNewer?(have: HaveOfCoValue, saved?: Readonly<Record<string, number>>): Promise<readonly NewContent[]>;
  /** For the devtools. Absent where nothing is kept, or nobody knows how. */
  readonly inspection?: StorageInspection;
  /** Writes out what is queued, then closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/** What a node has of a CoValue. */
export interface HaveOfCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
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
