import { silentLogger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { getPasskey } from './ceremonies.ts';
import { throwIfAborted } from './ceremony-errors.ts';
import { keptOnDevice, unlessDeviceFails } from './device-to-keep-on.ts';
import { findAccount } from './find-account.ts';
import { deriveKeyringKeys } from './keyring-keys.ts';
import { openSession } from './open-session.ts';
import { passkeyNames, relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';
import { recordsToKeep } from './records-to-keep.ts';
import { requireSecure } from './secure-platform.ts';
import { createSessionCrypto } from './session-crypto.ts';
import type { Session, SessionOptions } from './session.ts';

/** See `signInWithPasskey`. */
export async function signIn(anyPlatform: Platform, options: SessionOptions): Promise<Session> {
  const { signal, sync = {}, logger = silentLogger } = options;
  throwIfAborted(signal);
  await requirePasskeys(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const crypto = await createSessionCrypto();

  const { credentialID, prfOutput } = await getPasskey(platform, { rpID, signal });
  const keyring = await deriveKeyringKeys(crypto, platform.subtle, prfOutput);
  const account = await findAccount({ crypto, keyring, sync, platform, signal, logger });
  throwIfAborted(signal);
  const { label } = passkeyNames(platform, options);
  const records = await recordsToKeep(platform, account, { credentialID, rpID, label });
  // Without it the next start takes one tap more.
  await unlessDeviceFails(keptOnDevice(platform)?.keep(records), logger);
  return openSession(platform, account, options);
}
