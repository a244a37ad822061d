import type { CoValueHeader, KnownState, NewContent } from './content.ts';
import type { DeviceStorage } from './device-storage.ts';
import type { StorageInspection } from './storage-inspection.ts';

/** What the kernel's own storages say and do beyond what an app's own has to. */
export interface KernelDeviceStorage extends DeviceStorage {
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
}

/** What a node has of a CoValue. */
export interface HaveOfCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}
