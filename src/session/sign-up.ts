import { silentLogger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { createPasskey, type UsedPasskey } from './ceremonies.ts';
import { passkeyOrphaned, throwIfAborted } from './ceremony-errors.ts';
import { deviceToKeepOn } from './device-to-keep-on.ts';
import { createGenesis, seedLength } from './genesis.ts';
import { createKeyringContent } from './keyring-content.ts';
import { sealEntry } from './keyring-entry.ts';
import { deriveKeyringKeys } from './keyring-keys.ts';
import { openSession } from './open-session.ts';
import { passkeyNames, relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';
import { recordsToKeep, type KeepableAccount } from './records-to-keep.ts';
import { requireSecure, type SecurePlatform } from './secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from './session-crypto.ts';
import type { Session, SignUpOptions } from './session.ts';

/** See `signUpWithPasskey`. What can fail without the passkey fails before it is made; no relay is needed. */
export async function signUp(anyPlatform: Platform, options: SignUpOptions): Promise<Session> {
  const { signal, logger = silentLogger } = options;
  throwIfAborted(signal);
  await requirePasskeys(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const { rpName, label } = passkeyNames(platform, options);
  const crypto = await createSessionCrypto();
  const device = await deviceToKeepOn(platform, logger);
  const excludeCredentialIDs = options.anotherAccount ? [] : ((await device?.credentialIDs(rpID)) ?? []);

  const passkey = await createPasskey(platform, { rpID, rpName, label, excludeCredentialIDs, signal });
  const { credentialID } = passkey;
  try {
    throwIfAborted(signal);
    const account = await createAccount(platform, crypto, { ...passkey, label });
    const records = await recordsToKeep(platform, account, { credentialID, rpID, label });
    await device?.keep(records);
    try {
      return await openSession(platform, account, options);
    } catch (error) {
      await device?.forget(records);
      throw error;
    }
  } catch (error) {
    throw passkeyOrphaned({ credentialID, label }, error);
  }
}

/** All of a new account, before any of it is written anywhere. */
async function createAccount(
  platform: SecurePlatform,
  crypto: SessionCrypto,
  { credentialID, prfOutput, prfFrom, label }: UsedPasskey & { readonly label: string },
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
      createdAtMs: platform.clock.nowMs(),
      removalSecret: keyring.agentSecret,
      prfFrom,
    },
  };
}
