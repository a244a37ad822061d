import { utf8 } from './bytes.ts';

/**
 * What every key, id and ciphertext of version 1 is made from. None of it may ever change, or accounts and passkeys
 * stop opening: `vectors.json` holds it. A version 2 would stand beside it.
 */

export { prfInput } from './prf-input.ts';

export const hkdfSalt = utf8('@MaiaOS/kernel/v1');

/** HKDF `info` for what follows from the account's seed. */
export const seedInfo = {
  accountReadKey: 'maia/account-read-key/v1',
  accountReadKeyID: 'maia/account-read-key-id/v1',
  profileReadKey: 'maia/profile-read-key/v1',
  profileReadKeyID: 'maia/profile-read-key-id/v1',
} as const;

/** HKDF `info` for what follows from a passkey's PRF output. */
export const prfInfo = {
  keyringAgent: 'maia/keyring-agent/v1',
  keyringEntry: 'maia/keyring-entry/v1',
} as const;

/** In a CoValue's header; with its owner it makes the CoValue's id, so that the id can be computed. */
export const uniqueness = {
  profileGroup: 'maia/profile-group/v1',
  profile: 'maia/profile/v1',
  root: 'maia/root/v1',
  kernelMap: 'maia/kernel/v1',
  keyringGroup: 'maia/keyring-group/v1',
  keyringMap: 'maia/keyring/v1',
} as const;

/** The session that wrote every genesis. No running session ever has it: theirs are random. */
export const genesisSession = 'session_zAjszg3RAw2';

/**
 * A creator's clock must not decide who wins later, nor since when an admin is one, so what is made once is made at the
 * beginning of time. In milliseconds; cojson takes 0 for "no time given".
 */
export const beginningOfTimeMs = 1;

/** What this device's copy of the seed is sealed for. */
export function vaultPlace(accountID: string): string {
  return `maia/vault/v1/${accountID}`;
}
