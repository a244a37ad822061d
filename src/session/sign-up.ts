import { silentLogger } from '../platform/logger.ts';
import { createKernelError, type KernelError } from '../platform/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { deviceToKeepOn, keptOnDevice, unlessDeviceFails } from './device/device-to-keep-on.ts';
import { createGenesis, seedLength } from './account/genesis.ts';
import { createKeyringContent } from './keyring/keyring-content.ts';
import { sealEntry } from './keyring/keyring-entry.ts';
import { deriveKeyringKeys } from './keyring/keyring-keys.ts';
import { openSession } from './open-session.ts';
import { passkeyNames, relyingPartyID } from './passkeys/passkey-names.ts';
import { requirePasskeys } from './passkeys/passkey-support.ts';
import { orphaned, signUpPasskey, type SignUpPasskey } from './passkeys/sign-up-passkey.ts';
import { recordsToKeep, type KeepableAccount } from './device/records-to-keep.ts';
import { requireSecure, type SecurePlatform } from './account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from './account/session-crypto.ts';
import type { Session, SignUpOptions } from './session.ts';
import { oneSignUpAtATime } from './sign-up-lock.ts';

/**
 * See `signUpWithPasskey`. What can fail without the passkey fails before it is made; no relay is needed. What is kept
 * is kept by one transaction: before it there is no account, and after it any start completes what is missing.
 */
export async function signUp(anyPlatform: Platform, options: SignUpOptions): Promise<Session> {
  const { signal, logger = silentLogger } = options;
  throwIfAborted(signal);
  await requirePasskeys(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const knownHere = () => unlessDeviceFails(keptOnDevice(platform)?.credentialIDs(rpID), logger);
  const before = (await knownHere()) ?? [];
  return oneSignUpAtATime(platform, signal, async () => {
    const known = (await knownHere()) ?? [];
    if (known.some((id) => !before.includes(id))) throw madeMeanwhile();
    return signUpAlone(platform, { ...options, rpID }, options.anotherAccount ? [] : known);
  });
}

async function signUpAlone(
  platform: SecurePlatform,
  options: SignUpOptions & { readonly rpID: string },
  excludeCredentialIDs: readonly string[],
): Promise<Session> {
  const { rpID, signal, logger = silentLogger, remember = 'device' } = options;
  const crypto = await createSessionCrypto();
  const device = await deviceToKeepOn(platform, remember, logger);
  const unfinished = device?.unfinished;
  const ceremony = { platform, rpID, signal, unfinished, logger, ...passkeyNames(platform, options) };

  const passkey = await signUpPasskey({ ...ceremony, excludeCredentialIDs });
  const { credentialID, label } = passkey;
  let isKept = false;
  try {
    throwIfAborted(signal);
    const account = await createAccount(platform, crypto, passkey);
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

function madeMeanwhile(): KernelError {
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'Another tab of this app signed up just now. Sign in to that account, or sign up again for one more.',
  );
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
