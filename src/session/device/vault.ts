import { bytesFromBase64url, bytesToBase64url } from '../account/bytes.ts';
import { seedLength } from '../account/genesis.ts';
import { parsePasskey, type PasskeyRecord } from '../account/kernel-map.ts';
import { isRecord } from '../../base/record.ts';
import { isSealed, seal, unseal, type Sealed } from '../account/sealed.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { isNewerThanVersion1, vaultPlace } from '../account/version-1.ts';
import { vaultDamaged, vaultTooNew } from './vault-errors.ts';

/**
 * An account as this device stores it, to open it without a prompt. A script cannot export the wrapping key. That does not
 * protect against malware that reads the browser's profile, nor against a script in the page.
 */
export interface VaultRecord {
  readonly v: 1;
  readonly accountID: string;
  readonly label: string;
  readonly lastUsedAtMs: number;
  readonly wrappingKey: CryptoKey;
  readonly sealed: Sealed;
}

export interface VaultContent {
  readonly seed: Uint8Array<ArrayBuffer>;
  /** The passkey that created the account here. After a crash, the next start records it in the account. */
  readonly passkey?: PasskeyRecord | undefined;
}

export async function sealVault(
  platform: SecurePlatform,
  account: { readonly accountID: string; readonly label: string } & VaultContent,
): Promise<VaultRecord> {
  const { accountID, label, seed, passkey } = account;
  const usages = ['encrypt', 'decrypt'] as const;
  const wrappingKey = await platform.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, usages);
  const content = { v: 1, seed: bytesToBase64url(seed), ...(passkey && { passkey: { v: 1, ...passkey } }) };
  const sealed = await seal(platform, wrappingKey, vaultPlace(accountID), content);
  return { v: 1, accountID, label, lastUsedAtMs: platform.clock.nowMs(), wrappingKey, sealed };
}

/** Rejects with VAULT_DAMAGED or VAULT_TOO_NEW; the record stays unchanged. */
export async function openVault(
  platform: SecurePlatform,
  record: unknown,
): Promise<VaultContent & { readonly accountID: string }> {
  if (isNewerThanVersion1(record)) throw vaultTooNew();
  if (!isVaultRecord(record)) throw vaultDamaged('is not well-formed');
  const { accountID, wrappingKey, sealed } = record;
  const content = await unseal(platform, wrappingKey, vaultPlace(accountID), sealed).catch(
    (cause: unknown) => {
      throw vaultDamaged('cannot be decrypted', cause);
    },
  );
  if (isNewerThanVersion1(content)) throw vaultTooNew();
  if (!isRecord(content) || typeof content['seed'] !== 'string') throw vaultDamaged('holds no account');
  const seed = bytesFromBase64url(content['seed']);
  if (seed?.length !== seedLength) throw vaultDamaged('holds no account');
  return { accountID, seed, passkey: passkeyIn(content['passkey']) };
}

/** The account's own record takes precedence, so a passkey that cannot be read is dropped. */
function passkeyIn(value: unknown): PasskeyRecord | undefined {
  if (!isRecord(value) || typeof value['credentialID'] !== 'string') return undefined;
  return parsePasskey(value['credentialID'], value);
}

export function isVaultRecord(value: unknown): value is VaultRecord {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['accountID'] === 'string' &&
    typeof value['label'] === 'string' &&
    typeof value['lastUsedAtMs'] === 'number' &&
    value['wrappingKey'] instanceof CryptoKey &&
    isSealed(value['sealed'])
  );
}
