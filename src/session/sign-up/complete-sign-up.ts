import { createGenesis, seedLength } from '../account/genesis.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from '../../engine/session-crypto.ts';
import { deviceAccounts } from '../device/device-accounts.ts';
import { createDeviceRecords, type StorableAccount } from '../device/create-device-records.ts';
import { createKeyringContent } from '../keyring/keyring-content.ts';
import { sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { openSession } from '../opening/open-session.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { orphaned, type SignUpCeremony, type SignUpPasskey } from '../passkeys/sign-up-passkey.ts';
import type { Session } from '../session.ts';
import type { SignUpOptions } from '../session-options.ts';

/** Creates the account of a new passkey and opens it. On failure, undoes it and reports what becomes of the passkey. */
export async function completeSignUp({
  ceremony,
  passkey,
  options,
  keeps,
}: {
  readonly ceremony: SignUpCeremony & { readonly platform: SecurePlatform };
  readonly passkey: SignUpPasskey;
  readonly options: SignUpOptions;
  /** False if this device should not or cannot store the account. */
  readonly keeps: boolean;
}): Promise<Session> {
  const { platform, rpID, signal } = ceremony;
  const { remember = 'device' } = options;
  const { credentialID, label } = passkey;
  const device = keeps ? deviceAccounts(platform) : undefined;
  let isKept = false;
  try {
    throwIfAborted(signal);
    const account = await createAccount(platform, await createSessionCrypto(), passkey);
    if (!device || remember === 'never') return await openSession(platform, account, options);
    const records = await createDeviceRecords(platform, account, { credentialID, rpID, label }, remember);
    await device.keep(records);
    isKept = true;
    try {
      return await openSession(platform, account, options);
    } catch (error) {
      await device.forget(records);
      isKept = false;
      throw error;
    }
  } catch (error) {
    // If `forget` failed, the account is complete and the next start opens it, so its passkey is not orphaned.
    if (isKept) throw error;
    throw await orphaned(ceremony, { credentialID, label }, error);
  }
}

/** Creates everything that makes up a new account, and stores none of it. */
async function createAccount(
  platform: SecurePlatform,
  crypto: SessionCrypto,
  { credentialID, prfOutput, prfFrom, label, createdAtMs }: SignUpPasskey,
): Promise<StorableAccount> {
  const seed = platform.random(seedLength);
  const genesis = await createGenesis(crypto, platform.subtle, seed);
  const keyring = await deriveKeyringKeys(crypto, platform.subtle, prfOutput);
  const entry = await sealEntry(platform, keyring, { seed, accountID: genesis.accountID });
  return {
    crypto,
    seed,
    genesis,
    mapID: keyring.mapID,
    keyrings: createKeyringContent(crypto, keyring, entry),
    passkey: {
      credentialID,
      label,
      createdAtMs,
      removalSecret: keyring.agentSecret,
      prfFrom,
    },
  };
}
