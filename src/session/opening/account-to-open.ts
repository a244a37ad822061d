import type { Content, Genesis } from '../account/genesis.ts';
import type { PasskeyRecord } from '../account/kernel-map.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';

export interface AccountToOpen {
  readonly crypto: SessionCrypto;
  readonly genesis: Genesis;
  /** The session takes ownership and wipes it on close. Undefined for an agent. */
  readonly seed: Uint8Array<ArrayBuffer> | undefined;
  /** Keyring entries that this device has or just created, owners first. */
  readonly keyrings: readonly Content[];
  /** A passkey that the account may not have recorded yet. */
  readonly passkey?: PasskeyRecord | undefined;
  /** The user has seen the phrase, which the account may not have recorded yet. */
  readonly isPhraseRevealed?: boolean;
  /** The ID of the credential used to sign in. */
  readonly openedBy?: string | undefined;
  /** What the replaced session could not save. */
  readonly unsaved?: readonly Content[];
  /** How many session IDs this page has lost to a copy of its browser profile. */
  readonly retiredIDs?: number;
}
