import { createGenesis, seedLength } from '../account/genesis.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from '../account/session-crypto.ts';
import { keptOnDevice } from '../device/device-accounts.ts';
import { recordsToKeep, type KeepableAccount } from '../device/create-device-records.ts';
import { createKeyringContent } from '../keyring/keyring-content.ts';
import { sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { openSession } from '../opening/open-session.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { orphaned, type SignUpCeremony, type SignUpPasskey } from '../passkeys/sign-up-passkey.ts';
import type { Session, SignUpOptions } from '../session.ts';

/** Makes the account of a passkey that was made for it, and opens it; or neither, and says what becomes of the passkey. */
export async function completeSignUp({
  ceremony,
  passkey,
  options,
  keeps,
}: {
  readonly ceremony: SignUpCeremony & { readonly platform: SecurePlatform };
  readonly passkey: SignUpPasskey;
  readonly options: SignUpOptions;
  /** False where this device is to keep nothing, or cannot. */
  readonly keeps: boolean;
}): Promise<Session> {
  const { platform, rpID, signal } = ceremony;
  const { remember = 'device' } = options;
  const { credentialID, label } = passkey;
  const device = keeps ? keptOnDevice(platform) : undefined;
  let isKept = false;
  try {
    throwIfAborted(signal);
    const account = await createAccount(platform, await createSessionCrypto(), passkey);
    if (!device || remember === 'never') return await openSession(platform, account, options);
    const records = await recordsToKeep(platform, account, { credentialID, rpID, label }, remember);
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
    // What could not be taken back is a whole account, which the next start opens: its passkey is no orphan.
    if (isKept) throw error;
    throw await orphaned(ceremony, { credentialID, label }, error);
  }
}

/** All of a new account, before any of it is written anywhere. */
async function createAccount(
  platform: SecurePlatform,
  crypto: SessionCrypto,
  { credentialID, prfOutput, prfFrom, label, createdAtMs }: SignUpPasskey,
): Promise<KeepableAccount> {
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
