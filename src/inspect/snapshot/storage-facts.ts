import type { StorageKind } from '../../storage/device-storage.ts';
import type { CoValueKind } from './covalue-kind.ts';
import type { Reading } from './measures.ts';
import type { PlainError } from './plain-error.ts';

export interface StorageFacts {
  /** `custom`: the app's own storage, which the inspector cannot read. */
  readonly kind: StorageKind | 'custom';
  /** `failing`: writes fail and are retried; nothing is dropped. `memory-only`: nothing is stored on this device. */
  readonly state: 'ok' | 'failing' | 'memory-only';
  readonly error?: StorageFailure;
  /** Names of the databases that hold the account's content. */
  readonly databases: readonly string[];
  readonly room: RoomFacts;
  /** Whether the browser promised not to evict this data. */
  readonly persisted: boolean | 'unknown';
  /** Migration from a cojson-storage-indexeddb database, while it runs. */
  readonly takeover?: { readonly done: number; readonly total: number };
  readonly writes: WriteFacts;
  /** The last count by kind; see `measureStorage`. */
  readonly sizes?: StorageSizes;
}

/** The browser's estimate for the whole origin, including other accounts and the app's own data. */
export interface RoomFacts {
  readonly usedBytes: Reading;
  readonly quotaBytes: Reading;
  /** In ms since the Unix epoch. */
  readonly measuredAtMs: number | 'unknown';
}

export interface WriteFacts {
  readonly waiting: Reading;
  /** Successful attempts since the inspector was created, and the longest within the last two minutes. */
  readonly committed: Reading;
  readonly slowestMs: Reading;
  /** Failed attempts since the inspector was created. Failed writes are retried. */
  readonly failed: Reading;
  readonly lastFailure?: StorageFailure & { readonly atMs: number };
  /** Present if the last attempt failed: consecutive failures, the time of the first one, and that of the next attempt. */
  readonly failing?: { readonly count: number; readonly sinceMs: number; readonly retryAtMs: number };
}

export interface StorageFailure extends PlainError {
  /** The browser's error name, such as QuotaExceededError. */
  readonly cause?: string;
}

/** The result of a count by kind. Updated while it runs, and kept until the next one. */
export interface StorageSizes {
  readonly state: 'counting' | 'done' | 'stopped' | 'failed';
  /** `memory`: the session stores nothing on this device, or its storage is not readable. */
  readonly of: 'device' | 'memory';
  readonly startedAtMs: number;
  /** Absent while the count is in progress. */
  readonly endedAtMs?: number;
  /** CoValues read so far, and in total. */
  readonly done: number;
  readonly total: number;
  /** Largest first. */
  readonly kinds: readonly SizeOfKind[];
  readonly unreadable: number;
  readonly problem?: string;
}

export interface SizeOfKind {
  readonly kind: CoValueKind;
  readonly coValues: number;
  /** Characters of the JSON that sends their content: the same as bytes, except for public non-ASCII text. */
  readonly bytes: number;
}

export interface MemoryFigures {
  readonly loaded: number;
  /** Garbage-collected; read from this device again when requested. */
  readonly unloaded: number;
  /** Requested by the app, and missing on this device and at every relay that answered. */
  readonly notFound: NotFound;
}

export interface NotFound {
  readonly count: number;
  /** A bounded number. */
  readonly ids: readonly string[];
}
