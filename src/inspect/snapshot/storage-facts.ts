import type { StorageKind } from '../../storage/device-storage.ts';
import type { CoValueKind } from '../shared/covalue-label.ts';
import type { PlainError, Reading } from '../snapshot.ts';

/** What is kept on this device, and how that goes. */
export interface StorageFacts {
  /** `custom`: a storage that the app brought, into which nobody can look. */
  readonly kind: StorageKind | 'custom';
  /** `failing`: writes fail and are retried, nothing is dropped. `memory-only`: nothing is kept on this device. */
  readonly state: 'ok' | 'failing' | 'memory-only';
  readonly error?: StorageFailure;
  /** Names of the databases in which content of the account stands. */
  readonly databases: readonly string[];
  readonly room: RoomFacts;
  /** Whether the browser has promised not to delete by itself what is here. */
  readonly persisted: boolean | 'unknown';
  /** From a database of cojson-storage-indexeddb, while it runs. */
  readonly takeover?: { readonly done: number; readonly total: number };
  readonly writes: WriteFacts;
  /** The last count by kind: see `measureStorage`. */
  readonly sizes?: StorageSizes;
}

/** As the browser estimates it, of the whole origin: other accounts and the app's own data included. */
export interface RoomFacts {
  readonly usedBytes: Reading;
  readonly quotaBytes: Reading;
  /** When it was asked, in ms since the Unix epoch. */
  readonly measuredAtMs: number | 'unknown';
}

export interface WriteFacts {
  /** Writes that wait for the database now. */
  readonly waiting: Reading;
  /** Tries that wrote something, and the longest of them in the last two minutes, since the inspector was made. */
  readonly committed: Reading;
  readonly slowestMs: Reading;
  /** Tries that wrote nothing, since the inspector was made. What was to be written is tried again. */
  readonly failed: Reading;
  readonly lastFailure?: StorageFailure & { readonly atMs: number };
  /** Present while the last try has failed: how many in a row, when the first, and when the next. */
  readonly failing?: { readonly count: number; readonly sinceMs: number; readonly retryAtMs: number };
}

export interface StorageFailure extends PlainError {
  /** How the browser calls it, such as QuotaExceededError. */
  readonly cause?: string;
}

/** What a count by kind found. It grows while it runs, and stays until the next one. */
export interface StorageSizes {
  readonly state: 'counting' | 'done' | 'stopped' | 'failed';
  /** `memory`: of a session that keeps nothing on this device, or whose storage nobody can look into. */
  readonly of: 'device' | 'memory';
  readonly startedAtMs: number;
  /** Absent while it runs. */
  readonly endedAtMs?: number;
  /** CoValues that were read, and how many there are. */
  readonly done: number;
  readonly total: number;
  /** The largest first. */
  readonly kinds: readonly SizeOfKind[];
  /** CoValues that could not be read. */
  readonly unreadable: number;
  /** Why it failed. */
  readonly problem?: string;
}

export interface SizeOfKind {
  readonly kind: CoValueKind;
  readonly coValues: number;
  /** Of their content as it is sent, in characters of JSON, which are bytes but for public text that is not English. */
  readonly bytes: number;
}
