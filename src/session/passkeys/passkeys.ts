import type { Readable } from '../../base/readable.ts';

/** The passkeys of a session's account. All are equal: each opens the account, and each can be removed. */
export interface Passkeys {
  /** Resolves with the list in `state` once this device has read all of it. */
  list(): Promise<readonly PasskeyInfo[]>;
  /** The current list, and where the account can be opened. */
  readonly state: Readable<PasskeysState>;
  /**
   * Creates another passkey that opens this account: on this device, or on a phone or security key next to it. One prompt,
   * or two if its provider evaluates PRF only on use. Works offline: the entry is uploaded when a relay is reachable.
   *
   * If an earlier call ended after its passkey was created, continues with that one, in one prompt and under its label.
   *
   * Rejects with a code of the ceremony (PASSKEY_ALREADY_HERE if the provider has one of this account), ABORTED,
   * SESSION_CLOSED or SEED_UNKNOWN. With PASSKEY_ORPHANED or PASSKEY_PRF_UNAVAILABLE, `details` name a passkey that may be
   * left over and that the account does not know.
   */
  add(options?: { readonly label?: string; readonly signal?: AbortSignal }): Promise<PasskeyInfo>;
  /**
   * Prompts once for this passkey and opens its entry. Its PRF value has then been seen twice, and is trusted. Rejects, with
   * nothing changed, with a code of the ceremony, PASSKEY_REMOVED, ACCOUNT_INVALID, SESSION_CLOSED or SEED_UNKNOWN.
   */
  check(id: string): Promise<PasskeyInfo>;
  /**
   * Removes any passkey, even offline or if its phone is lost; the last one only if the user has typed the recovery
   * phrase, else rejects with PASSKEY_LAST. Open sessions stay open: a device keeps what it already has.
   */
  remove(id: string): Promise<void>;
}

export interface PasskeyInfo {
  /** The credential ID. */
  readonly id: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** Created or used on this device. */
  readonly onThisDevice: boolean;
  /**
   * `yes`: its provider has backed it up, or it is on a security key. `no`: it exists only on the device that created it; the
   * next use shows whether it has been backed up since. `unknown`: no prompt has shown it yet; `check` does.
   */
  readonly portable: 'yes' | 'no' | 'unknown';
  /** It is portable, the relay has confirmed its entry, and its PRF value came from its creation or was seen twice. */
  readonly usableElsewhere: boolean;
}

export interface PasskeysState {
  /** Oldest first. */
  readonly passkeys: readonly PasskeyInfo[];
  /** Passkeys that this device created for the account, but that are not added: they open nothing yet. `add` continues. */
  readonly unfinished: readonly Pick<PasskeyInfo, 'id' | 'label'>[];
  /** The app has received the recovery phrase, to show it. */
  readonly phraseRevealed: boolean;
  /** The user has typed the recovery phrase: at a sign-in, or for `revealRecoveryPhrase({ phrase })`. */
  readonly phraseKept: boolean;
  /**
   * Where the account can be opened. `this-device`: only where it is already open, because nothing that opens it is usable
   * elsewhere yet; a phrase counts once the user has typed it. `nowhere`: it has no passkey and its phrase was never
   * revealed, so it is lost with this device; ask the user for one of them. `unknown`: the account has not been read yet.
   */
  readonly reach: 'unknown' | 'nowhere' | 'this-device' | 'elsewhere';
}
