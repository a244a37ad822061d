import type { LocalNode, RawAccount } from 'cojson';
import type { KernelError } from '../platform/kernel-error.ts';
import type { Logger } from '../platform/logger.ts';
import type { Readable } from '../platform/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { SyncOptions, SyncPeers } from '../sync/sync-peers.ts';

/** A person's account, open in this page: a live node, its sync, and what the device keeps of it. */
export interface Session {
  readonly node: LocalNode;
  readonly account: RawAccount;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly storage: Readable<StorageStatus>;
  /** This tab only; drains what is pending. Safe to call twice. */
  close(): Promise<void>;
  on(event: 'closed', listener: (reason: KernelError | undefined) => void): () => void;
}

export interface SessionOptions {
  /** Relying-party ID. Default: the page's full host name. Never change it in an app's life. */
  readonly rpID?: string;
  /** What this device keeps: 'device' resumes with no prompt. */
  readonly remember?: 'device';
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  readonly storage?: 'cojson-indexeddb' | 'memory';
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

export interface SignUpOptions extends SessionOptions {
  /** How the passkey is called in the person's password manager. Default: the app's name with date and time. */
  readonly name?: string;
  readonly appName?: string;
  /** A further account on a device that already knows one; otherwise PASSKEY_ALREADY_HERE. */
  readonly anotherAccount?: boolean;
}
