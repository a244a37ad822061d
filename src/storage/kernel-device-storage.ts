import type { LocalNode } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { CoValueHeader, KnownState, Content, RawCoID, SessionID, Signature } from '../engine/content.ts';
import type { DeviceStorage } from './device-storage.ts';
import type { Ledger } from './ledger.ts';
import type { StorageInspection } from './storage-inspection.ts';

/** What the kernel's own storages offer beyond the interface that an app's storage implements. */
export interface KernelDeviceStorage extends DeviceStorage {
  /** Absent for custom storage. */
  readonly ledger?: Ledger;
  /** If the database is deleted or emptied, everything that this node has in memory is written again. */
  useNode?(node: LocalNode): void;
  /** Absent for custom storage, which cannot say that a read has failed. */
  readonly stored?: StoredCoValues;
  /** Queued writes, for the devtools. Absent without a queue. */
  readonly queuedWrites?: number;
  /** Above 0 while some of them contain content, which closing the page would lose. */
  readonly queuedContent?: number;
  /**
   * Content that other tabs have stored beyond what the caller has. Given the stored transaction counts `saved`,
   * reads only as far as needed to reach them. Absent if only whole CoValues can be read. Rejects on failure.
   */
  loadNewer?(have: KnownCoValue, saved?: Readonly<Record<string, number>>): Promise<readonly Content[]>;
  /**
   * Why the latest load of a CoValue failed; undefined again once it is loaded anew. A storage without it cannot
   * distinguish a failed read from a missing CoValue.
   */
  readFailure?(id: string): KernelError | undefined;
  /** For the devtools. Absent for memory and custom storage. */
  readonly inspection?: StorageInspection;
}

/** What is stored. Rejects if it cannot be read. */
export interface StoredCoValues {
  /** All IDs, in pages; an ID may occur twice. Queued writes are left out. */
  ids(): AsyncIterable<readonly { readonly id: RawCoID }[]>;
  /** Without those that are not stored. After all earlier writes. */
  states(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, StoredState>>;
}

export interface StoredState {
  readonly known: KnownState;
  /** Each session's last one. */
  readonly signatures: Readonly<Record<SessionID, Signature>>;
  /** Sessions of which the node has other transactions in memory, written by a copy of the browser profile. */
  readonly forks: ReadonlySet<string>;
}

/** What a node already has of a CoValue. */
export interface KnownCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}
