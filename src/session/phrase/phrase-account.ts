import type { Platform } from '../../platform/platform.ts';
import { createGenesis } from '../account/genesis.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import type { DeviceRecords } from '../device/device-records.ts';
import { sealVault } from '../device/vault.ts';
import type { AccountToOpen } from '../opening/account-to-open.ts';
import { passkeyNames } from '../passkeys/passkey-names.ts';
import type { Remember, SignUpOptions } from '../session-options.ts';

/** The account of a seed, without any passkey entry. */
export interface PhraseAccount extends AccountToOpen {
  readonly seed: Uint8Array<ArrayBuffer>;
}

export async function accountOfSeed(
  { subtle }: SecurePlatform,
  seed: Uint8Array<ArrayBuffer>,
): Promise<PhraseAccount> {
  const crypto = await createSessionCrypto();
  return { crypto, seed, genesis: await createGenesis(crypto, subtle, seed), keyrings: [] };
}

/**
 * The records that this device keeps for an account opened by a phrase. If `remember` is 'passkey': no vault, only
 * content.
 */
export async function phraseRecords(
  platform: SecurePlatform,
  { genesis: { accountID }, seed }: PhraseAccount,
  label: string,
  remember: Exclude<Remember, 'never'>,
): Promise<DeviceRecords> {
  const vault = remember === 'device' ? await sealVault(platform, { accountID, label, seed }) : undefined;
  return { accountID, vault, keyring: undefined, credential: undefined };
}

/** The name under which this device lists the account. Unlike a passkey's, it needs no host name. */
export function accountLabel(platform: Platform, options: SignUpOptions): string {
  const host = options.rpID || platform.page.url?.hostname;
  const appName = options.appName?.trim() || host || 'Account';
  return passkeyNames(platform, { ...options, appName }).label;
}
