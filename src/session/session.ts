import type { LocalNode, RawAccount } from 'cojson';
import type { AppCalls } from '../app/app-calls.ts';
import type { KernelError } from '../base/kernel-error.ts';
import type { Readable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { Passkeys } from './passkeys/passkeys.ts';
import type {
  EraseAccountOptions,
  ErasedAtRelay,
  PreviewAtRelay,
  RevealPhraseOptions,
  SignOutOptions,
} from './session-options.ts';
import type { CloseOptions, SyncPeers } from '../sync/sync-peers.ts';

/** A user's account, open in this page: a live node, its sync, and what the device keeps of it. */
export interface Session extends AppCalls {
  readonly node: LocalNode;
  readonly account: RawAccount;
  readonly accountID: string;
  readonly sync: SyncPeers;
  readonly storage: Readable<StorageStatus>;
  readonly passkeys: Passkeys;
  /**
   * Resolves with the account's seed as 24 words, after one prompt for a passkey of this account, or after the user typed
   * the phrase, which an account without a passkey requires. The words grant full access to the account: show them, and
   * store them nowhere. A typed phrase counts as kept (`passkeys.state`).
   *
   * Rejects with a code of the ceremony, ACCOUNT_INVALID (a passkey or phrase of another account), PHRASE_INVALID, ABORTED,
   * SESSION_CLOSED, or SEED_UNKNOWN in an agent's session.
   */
  readonly revealRecoveryPhrase: RevealRecoveryPhrase;
  /**
   * Ends the session in every tab, and deletes what opens the account on this device, with its data unless
   * `keepEncryptedData` is set. Works offline if nothing is waiting to be sent. Waits up to a second for a connected relay to
   * confirm the last changes.
   *
   * Rejects with UNSYNCED_CHANGES if then a change of any tab or earlier run has not reached the relay (or, with
   * `keepEncryptedData`, this device); `discardUnsynced` signs out anyway. On that error, and on STORAGE_UNAVAILABLE,
   * the account stays signed in and this session open.
   */
  readonly signOut: SignOut;
  /**
   * Asks each relay what `eraseAccount` would take there, and what stays because others share it. Changes nothing. Rejects like
   * `eraseAccount`, which asks for a proof besides.
   */
  previewErasure(options?: Pick<EraseAccountOptions, 'signal'>): Promise<readonly PreviewAtRelay[]>;
  /**
   * Erases what is this account's alone at all relays, for good, after one prompt for a passkey of the account, or after the user
   * typed the phrase. Then signs out in every tab, and deletes the account from this device, with edits that no relay has.
   * Resolves with the certificates of the relays that had the account. Other devices, and backups, keep what they have.
   *
   * Rejects with a code of the ceremony, ACCOUNT_INVALID, PHRASE_INVALID, RELAY_UNREACHABLE, RELAY_REFUSED, KERNEL_NOT_LOADED,
   * ABORTED, SESSION_CLOSED, or SEED_UNKNOWN in an agent's session. If a relay cannot be reached, none erases anything. If a
   * later one fails, the message counts those that have erased the account; it stays open here, and the next call goes on.
   */
  eraseAccount(options?: EraseAccountOptions): Promise<readonly ErasedAtRelay[]>;
  /**
   * Closes this tab's session after sending what is pending; with `until`, waits for that rung as `SyncPeers.close` does, or
   * until the account is signed out. Idempotent.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * 'closed' passes the reason, unless the app closed the session; 'replaced' fires just before it and passes the new
   * session: after the page was frozen, or if a copy of this browser profile writes under the same session ID.
   */
  on(event: 'closed', listener: (reason: KernelError | undefined) => void): () => void;
  /** See 'closed'. */
  on(event: 'replaced', listener: (session: Session) => void): () => void;
}

export type RevealRecoveryPhrase = (options?: RevealPhraseOptions) => Promise<string>;

export type SignOut = (options?: SignOutOptions) => Promise<void>;

/** The overloads of `on`. */
export type SessionListener =
  | [event: 'closed', listener: (reason: KernelError | undefined) => void]
  | [event: 'replaced', listener: (session: Session) => void];
