import { silentLogger, type Logger } from '../base/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { requireSecure } from './account/secure-platform.ts';
import { accountUnknownHere } from './device/chosen-account.ts';
import { credentialsOn, unlessDeviceFails } from './device/prepare-device.ts';
import type { KeptCredentials } from './device/credential-records.ts';
import { getPasskey } from './passkeys/ceremonies.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { relyingPartyID } from './passkeys/passkey-names.ts';
import { requireAutofill, requireSignIn } from './passkeys/passkey-support.ts';
import { loadSession, prepareSession } from './load-session.ts';
import type { Session, SignInOptions } from './session.ts';

/**
 * See `signInWithPasskey`. Nothing is fetched between a click and its prompt, which some browsers would then not show: what
 * opens the account comes while the person answers.
 */
export async function signIn(anyPlatform: Platform, options: SignInOptions): Promise<Session> {
  const { signal, logger = silentLogger, autofill = false } = options;
  throwIfAborted(signal);
  void prepareSession(options);
  await requireSignIn(anyPlatform);
  if (autofill) await requireAutofill(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const known = credentialsOn(platform);
  const allowCredentialIDs = await passkeysOf(known, rpID, options.accountID, logger);
  const used = await getPasskey(platform, { rpID, allowCredentialIDs, autofill, signal });
  const { openWithPasskey } = await loadSession(options);
  return openWithPasskey(platform, used, { ...options, rpID });
}

/** Of the account that the app asked for; none means that the person may choose any. */
async function passkeysOf(
  device: KeptCredentials | undefined,
  rpID: string,
  accountID: string | undefined,
  logger: Logger,
): Promise<readonly string[]> {
  if (accountID === undefined) return [];
  if (!device) throw accountUnknownHere(accountID);
  const ids = await unlessDeviceFails(device.credentialIDs(rpID, accountID), logger);
  // What cannot be read is asked for all the same: which account it was is compared afterwards.
  if (ids?.length === 0 && !(await device.knows(accountID))) throw accountUnknownHere(accountID);
  return ids ?? [];
}
