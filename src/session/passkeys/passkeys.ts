import type { Readable } from '../../base/readable.ts';

/** The passkeys of a session's account. All are equal: each opens the account, and each can be removed. */
export interface Passkeys {
  /** What `state` says, once this device has been asked for all of it. */
  list(): Promise<readonly PasskeyInfo[]>;
  /** Follows the list, and how the account can be opened elsewhere. */
  readonly state: Readable<PasskeysState>;
  /**
   * Makes a further passkey that opens this account: on this device, or on a phone or security key beside it. One prompt,
   * two where its keeper evaluates PRF on use only. Works offline: its entry is uploaded when a relay is reached.
   *
   * Rejects with a code of the ceremony (PASSKEY_ALREADY_HERE where the keeper has one of this account), ABORTED,
   * SESSION_CLOSED or SEED_UNKNOWN. With PASSKEY_ORPHANED or PASSKEY_PRF_UNAVAILABLE `details` name a passkey that may be
   * left over; the account does not know it.
   */
  add(options?: { readonly label?: string; readonly signal?: AbortSignal }): Promise<PasskeyInfo>;
  /**
   * One prompt for this very passkey, which opens its entry. Afterwards its PRF value has been seen twice, and is counted
   * on. Rejects with a code of the ceremony, PASSKEY_REMOVED, ACCOUNT_INVALID, SESSION_CLOSED or SEED_UNKNOWN; then nothing
   * was changed.
   */
  check(id: string): Promise<PasskeyInfo>;
  /**
   * Any of them, also where its phone is lost, and offline. The last one only where a recovery phrase was revealed, else
   * PASSKEY_LAST. Sessions that are open stay open: what a device knows already, it still knows.
   */
  remove(id: string): Promise<void>;
}

export interface PasskeyInfo {
  /** The credential ID. */
  readonly id: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** It was made or used on this device. */
  readonly onThisDevice: boolean;
  /** The relay has confirmed its entry, and its PRF value came from its making or was seen twice. */
  readonly usableElsewhere: boolean;
}

export interface PasskeysState {
  /** Oldest first. */
  readonly passkeys: readonly PasskeyInfo[];
  readonly phraseRevealed: boolean;
  /**
   * Where the account can be opened. `this-device`: only where it is open already, as nothing that leads to it is usable
   * elsewhere yet. `nowhere`: it has no passkey and its phrase was never revealed, so it is lost with this device; ask for
   * one of them. `unknown`: the account has not been read yet.
   */
  readonly reach: 'unknown' | 'nowhere' | 'this-device' | 'elsewhere';
}
