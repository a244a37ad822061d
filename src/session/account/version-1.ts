import { isRecord } from '../../base/record.ts';
import { utf8 } from './bytes.ts';

/**
 * The constants of version 1, from which every key, ID and ciphertext is derived. None may ever change, or accounts and
 * passkeys stop opening; `vectors.json` pins them. A version 2 would be added beside it.
 */

export { prfInput } from './prf-input.ts';

export const hkdfSalt = utf8('@MaiaOS/kernel/v1');

/** HKDF `info` for keys derived from the account's seed. */
export const seedInfo = {
  accountReadKey: 'maia/account-read-key/v1',
  accountReadKeyID: 'maia/account-read-key-id/v1',
  profileReadKey: 'maia/profile-read-key/v1',
  profileReadKeyID: 'maia/profile-read-key-id/v1',
} as const;

/** HKDF `info` for keys derived from a passkey's PRF output. */
export const prfInfo = {
  keyringAgent: 'maia/keyring-agent/v1',
  keyringEntry: 'maia/keyring-entry/v1',
} as const;

/** The `uniqueness` in CoValue headers. With the owner it determines the CoValue's ID, so any device can compute it. */
export const uniqueness = {
  profileGroup: 'maia/profile-group/v1',
  profile: 'maia/profile/v1',
  root: 'maia/root/v1',
  kernelMap: 'maia/kernel/v1',
  keyringGroup: 'maia/keyring-group/v1',
  keyringMap: 'maia/keyring/v1',
} as const;

export { genesisSession } from '../../engine/content.ts';

/** In ms; cojson treats 0 as unset. So early that no creator's clock decides conflicts or admin rights. */
export const genesisTimeMs = 1;

/** The place that this device's copy of the seed is sealed for. */
export function vaultPlace(accountID: string): string {
  return `maia/vault/v1/${accountID}`;
}

/** Every versioned record has its version in `v`, whatever else later versions contain. */
export function isNewerThanVersion1(value: unknown): boolean {
  return isRecord(value) && typeof value['v'] === 'number' && value['v'] > 1;
}
