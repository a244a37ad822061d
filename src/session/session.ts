import type { LocalNode, RawAccount } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { Logger } from '../base/logger.ts';
import type { Readable } from '../base/readable.ts';
import type { StorageKind, StorageStatus } from '../storage/device-storage.ts';
import type { Passkeys } from './passkeys/passkeys.ts';
import type { RevealRecoveryPhrase } from './phrase/reveal-phrase.ts';
import type { SignOut } from './sign-out/sign-out.ts';
import type { SyncOptions, SyncPeers } from '../sync/sync-peers.ts';

/** A person's account, open in this page: a live node, its sync, and what the device keeps of it. */
export interface Session {
  readonly node: LocalNode;
  readonly account: RawAccount;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly storage: Readable<StorageStatus>;
  readonly passkeys: Passkeys;
  /**
   * The account's seed as 24 words, after one prompt for a passkey of this account, or after the person typed the phrase,
   * which an account without a passkey needs. Who has the words has the account: show them, and keep them nowhere.
   *
   * Rejects with a code of the ceremony, ACCOUNT_INVALID (a passkey or a phrase of another account), PHRASE_INVALID, ABORTED,
   * SESSION_CLOSED, or in an agent's session SEED_UNKNOWN.
   */
  readonly revealRecoveryPhrase: RevealRecoveryPhrase;
  /**
   * Ends the session in every tab, and removes what opens the account here: with its data, or without, by
   * `keepEncryptedData`. Waits for no relay: offline it works where nothing waits for one.
   *
   * Rejects with UNSYNCED_CHANGES while a change of any tab or earlier run has not reached the relay, or with
   * `keepEncryptedData` this device; `discardUnsynced` goes on all the same. Then, and with STORAGE_UNAVAILABLE, the account
   * stays signed in, and this session open.
   */
  readonly signOut: SignOut;
  /** This tab only; drains what is pending. Safe to call twice. */
  close(): Promise<void>;
  /** 'closed', with the reason where nobody asked for it; 'replaced', just before, with the session that took over: after the page was set aside, or where a copy of this browser profile writes under the same id. */
  on(event: 'closed', listener: (reason: KernelError | undefined) => void): () => void;
  on(event: 'replaced', listener: (session: Session) => void): () => void;
}

/** What `on` takes. */
export type SessionListener =
  | [event: 'closed', listener: (reason: KernelError | undefined) => void]
  | [event: 'replaced', listener: (session: Session) => void];

/**
 * 'device': `resumeSession` opens the account with no prompt. 'passkey': its encrypted data stays, and each start takes one
 * tap, also offline. 'never': nothing is written on disk.
 */
export type Remember = 'device' | 'passkey' | 'never';

export interface SessionOptions {
  /** Relying-party ID. Default: the page's full host name. Never change it in an app's life. */
  readonly rpID?: string;
  /** What this device keeps of the account. Default 'device'. */
  readonly remember?: Remember;
  /** Which of the accounts that this device knows. Another one is never opened. */
  readonly accountID?: string;
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  /**
   * Where the device keeps the account’s content. Default 'kernel', which also takes over what 'cojson-indexeddb' has kept;
   * a device whose content stands there stays with it. 'memory': nowhere.
   */
  readonly storage?: StorageKind;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
}

export interface SignInOptions extends SessionOptions {
  /**
   * Without a prompt: the passkeys stand among the suggestions of an input with `autocomplete="webauthn"`. Pending until
   * the person picks one, `signal` aborts, or another ceremony begins.
   */
  readonly autofill?: boolean;
}

export interface SignUpOptions extends SessionOptions {
  /** How the passkey is called in the person's password manager. Default: the app's name with date and time. */
  readonly name?: string;
  readonly appName?: string;
  /** A further account on a device that already knows one; otherwise PASSKEY_ALREADY_HERE. */
  readonly anotherAccount?: boolean;
}
