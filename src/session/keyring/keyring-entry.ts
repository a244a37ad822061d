import { createKernelError } from '../../base/kernel-error.ts';
import { bytesFromBase64url, bytesToBase64url } from '../account/bytes.ts';
import { accountIDFor, seedLength } from '../account/genesis.ts';
import type { KeyringKeys } from './keyring-keys.ts';
import { isRecord } from '../../base/record.ts';
import { isNewerThanVersion1 } from '../account/version-1.ts';
import { isSealed, seal, unseal, type Sealed } from '../account/sealed.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';

/** The seal covers the ID of the entry's CoValue, so that an entry cannot be passed off as another's. */
export function sealEntry(
  platform: SecurePlatform,
  keys: KeyringKeys,
  account: { readonly seed: Uint8Array; readonly accountID: string },
): Promise<Sealed> {
  const entry = { v: 1, seed: bytesToBase64url(account.seed), accountID: account.accountID };
  return seal(platform, keys.entryKey, keys.mapID, entry);
}

/** Rejects with ACCOUNT_INVALID unless the seed in the entry derives the account that the entry names. */
export async function openEntry(
  crypto: SessionCrypto,
  platform: SecurePlatform,
  keys: KeyringKeys,
  sealed: unknown,
): Promise<Uint8Array<ArrayBuffer>> {
  if (isNewerThanVersion1(sealed)) throw tooNew();
  if (!isSealed(sealed)) throw invalid('is not well-formed');
  const entry = await unseal(platform, keys.entryKey, keys.mapID, sealed).catch((cause: unknown) => {
    throw invalid('cannot be opened with this passkey', cause);
  });
  if (isNewerThanVersion1(entry)) throw tooNew();
  const seed =
    isRecord(entry) && typeof entry['seed'] === 'string' ? bytesFromBase64url(entry['seed']) : undefined;
  if (!isRecord(entry) || seed?.length !== seedLength) throw invalid('holds no account');
  if (accountIDFor(crypto, crypto.agentSecretFromSecretSeed(seed)) !== entry['accountID']) {
    throw invalid('names an account that does not match its seed');
  }
  return seed;
}

function invalid(what: string, cause?: unknown) {
  return createKernelError(
    'ACCOUNT_INVALID',
    `The passkey’s entry ${what}, so nothing was opened. Sign in with another passkey of the account, or use a device that already has the account open.`,
    cause === undefined ? {} : { cause },
  );
}

function tooNew() {
  return createKernelError(
    'ACCOUNT_INVALID',
    'A newer version of the app wrote the passkey’s entry, so nothing was opened. Reload to get that version.',
  );
}
