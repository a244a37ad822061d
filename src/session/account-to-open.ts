import type { Content, Genesis } from './account/genesis.ts';
import type { PasskeyRecord } from './account/kernel-map.ts';
import type { SessionCrypto } from './account/session-crypto.ts';

/** What a session is opened from. */
export interface AccountToOpen {
  readonly crypto: SessionCrypto;
  readonly genesis: Genesis;
  /** Taken over, and overwritten when the session is closed. Undefined for an agent, who has none. */
  readonly seed: Uint8Array<ArrayBuffer> | undefined;
  /** Passkeys' entries that this device has or just made, owners first. */
  readonly keyrings: readonly Content[];
  /** One that the account may not know yet. */
  readonly passkey?: PasskeyRecord | undefined;
  /** The phrase was shown to somebody, and the account may not know it yet. */
  readonly isPhraseRevealed?: boolean;
  /** The credential that was used to sign in. */
  readonly openedBy?: string | undefined;
  /** What the session that this one takes the place of could not save. */
  readonly unsaved?: readonly Content[];
  /** How many session ids this page has lost to a copy of its profile. */
  readonly retiredIDs?: number;
}
