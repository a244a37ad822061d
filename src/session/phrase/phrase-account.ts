import type { Platform } from '../../platform/platform.ts';
import { createGenesis } from '../account/genesis.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createSessionCrypto } from '../account/session-crypto.ts';
import type { DeviceRecords } from '../device/device-records.ts';
import { sealVault } from '../device/vault.ts';
import type { AccountToOpen } from '../account-to-open.ts';
import { passkeyNames } from '../passkeys/passkey-names.ts';
import type { Remember, SignUpOptions } from '../session.ts';

/** The account of a seed, with no passkey's entry. */
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

/** What this device keeps of an account that a phrase opened: a vault, or with 'passkey' nothing but its content. */
export async function phraseRecords(
  platform: SecurePlatform,
  { genesis: { accountID }, seed }: PhraseAccount,
  label: string,
  remember: Exclude<Remember, 'never'>,
): Promise<DeviceRecords> {
  const vault = remember === 'device' ? await sealVault(platform, { accountID, label, seed }) : undefined;
  return { accountID, vault, keyring: undefined, credential: undefined };
}

/** How this device lists the account. Unlike a passkey it needs no host name. */
export function accountLabel(platform: Platform, options: SignUpOptions): string {
  const host = options.rpID || platform.page.url?.hostname;
  const appName = options.appName?.trim() || host || 'Account';
  return passkeyNames(platform, { ...options, appName }).label;
}
