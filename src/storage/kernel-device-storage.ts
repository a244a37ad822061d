import type { CoValueHeader, KnownState, Content } from '../engine/content.ts';
import type { DeviceStorage } from './device-storage.ts';
import type { StorageInspection } from './storage-inspection.ts';

/** What the kernel's own storages offer beyond the interface that an app's storage implements. */
export interface KernelDeviceStorage extends DeviceStorage {
  /** Queued writes, for the devtools. Absent without a queue. */
  readonly queuedWrites?: number;
  /** Those that contain content, which closing the page would lose. */
  readonly queuedContent?: number;
  /**
   * Content that other tabs have stored beyond what the caller has. Given the stored transaction counts `saved`,
   * reads only as far as needed to reach them. Absent if only whole CoValues can be read. Rejects on failure.
   */
  loadNewer?(have: KnownCoValue, saved?: Readonly<Record<string, number>>): Promise<readonly Content[]>;
  /** For the devtools. Absent for memory and custom storage. */
  readonly inspection?: StorageInspection;
}

/** What a node already has of a CoValue. */
export interface KnownCoValue {
  readonly header: CoValueHeader;
  readonly state: KnownState;
}
