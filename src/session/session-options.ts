import type { Logger } from '../base/logger.ts';
import type { DeviceStorage, StorageKind } from '../storage/device-storage.ts';
import type { SyncOptions } from '../sync/sync-peers.ts';
import type { ErasurePreview, SignedErasureCertificate } from '../wire/erasure.ts';

/**
 * 'device': `resumeSession` opens the account without a prompt. 'passkey': the encrypted data stays on the device, and each
 * start takes one tap, even offline. 'never': nothing is written to disk.
 */
export type Remember = 'device' | 'passkey' | 'never';

export interface SessionOptions {
  /** Relying-party ID. Default: the page's full host name. Never change it during the life of an app. */
  readonly rpID?: string;
  /** What this device keeps of the account. Default 'device'. */
  readonly remember?: Remember;
  /** The account to open, one of those that this device knows. No other account is opened. */
  readonly accountID?: string;
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  /**
   * Where the device keeps the account’s content. Default 'kernel', which also migrates what 'cojson-indexeddb' has stored;
   * once the kernel's own storage has content of the account, it is used instead of 'cojson-indexeddb'. 'memory': nowhere.
   */
  readonly storage?: StorageKind;
  /**
   * Lets the app's service worker send what the last tab could not, if it calls `deliverAfterLastTab` of
   * `@MaiaOS/kernel/worker`, where the browser has Background Sync. Needs `remember` and `storage` to keep the content in the
   * kernel's own storage. Default: false.
   */
  readonly deliverAfterLastTab?: boolean;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

export interface ResumeOptions extends SessionOptions {
  /** Opens another session even if this page has one of the account. */
  readonly another?: boolean;
}

export interface SignInOptions extends SessionOptions {
  /**
   * Opens no prompt: the passkeys appear among the suggestions of an input with `autocomplete="webauthn"`. Pending until the
   * user picks one; rejects with ABORTED if `signal` aborts, another ceremony begins, or the browser ends the request.
   */
  readonly autofill?: boolean;
}

export interface SignUpOptions extends SessionOptions {
  /** The passkey's name in the user's password manager. Default: the app's name with date and time. */
  readonly name?: string;
  readonly appName?: string;
  /** Creates another account on a device that keeps one; otherwise sign-up rejects with PASSKEY_ALREADY_HERE. */
  readonly anotherAccount?: boolean;
}

export interface AgentSessionOptions {
  readonly accountID: string;
  /** In cojson's form, `sealerSecret_z…/signerSecret_z…`. It grants full access to the account. */
  readonly agentSecret: string;
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  /**
   * Default `'memory'`: nothing is kept, so let edits be confirmed before closing. The session closes a storage passed in.
   */
  readonly storage?: 'memory' | DeviceStorage;
  readonly logger?: Logger;
}

export interface RevealPhraseOptions {
  /**
   * The phrase as the user typed it; it replaces the passkey prompt, and the phrase then counts as kept. An account without a
   * passkey requires it.
   */
  readonly phrase?: string;
  readonly signal?: AbortSignal;
}

export interface EraseAccountOptions {
  /** The phrase as the user typed it; it replaces the passkey prompt. An account without a passkey requires it. */
  readonly phrase?: string;
  readonly signal?: AbortSignal;
}

/** What an erasure would do at one relay. */
export interface PreviewAtRelay extends ErasurePreview {
  /** The relay's address. */
  readonly relay: string;
}

/** What a relay has erased, with its signature. */
export interface ErasedAtRelay extends SignedErasureCertificate {
  /** The relay's address. */
  readonly relay: string;
}

export interface SignOutOptions {
  /** Signs out even if changes would be lost. */
  readonly discardUnsynced?: boolean;
  /** Leaves the encrypted data on this device. Edits that have not reached the relay are sent after the next sign-in. */
  readonly keepEncryptedData?: boolean;
}
