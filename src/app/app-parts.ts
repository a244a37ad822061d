import type { LocalNode } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import type { Page } from '../platform/platform.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { Writable } from '../base/readable.ts';
import type { AppCalls, Profile } from './app-calls.ts';

/** What the calls of an app need of its session. */
export interface AppParts {
  readonly node: LocalNode;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly storage: Pick<KernelDeviceStorage, 'status' | 'readFailure'>;
  readonly clock: Clock;
  readonly page: Pick<Page, 'url'>;
  /** Absent outside a secure context. */
  readonly subtle: SubtleCrypto | undefined;
}

/** What the calls that are fetched later need. */
export interface CollaborationParts extends AppParts {
  readonly load: AppCalls['load'];
  readonly profile: Writable<Profile>;
}
