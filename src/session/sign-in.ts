import { silentLogger, type Logger } from '../base/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { requireSecure } from './account/secure-platform.ts';
import { accountUnknownHere } from './device/chosen-account.ts';
import { credentialsOn, unlessDeviceFails } from './device/prepare-device.ts';
import type { CredentialRecords } from './device/credential-records.ts';
import { getPasskey } from './passkeys/ceremonies.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { relyingPartyID } from './passkeys/passkey-names.ts';
import { requireAutofill, requireSignIn } from './passkeys/passkey-support.ts';
import { loadSession, prepareSession } from './load-session.ts';
import type { Session } from './session.ts';
import type { SignInOptions } from './session-options.ts';

/** See `signInWithPasskey`. Fetches nothing between a click and its prompt, or some browsers would block the prompt. */
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

/** The passkeys of the requested account. Empty: the user may choose any. */
async function passkeysOf(
  device: CredentialRecords | undefined,
  rpID: string,
  accountID: string | undefined,
  logger: Logger,
): Promise<readonly string[]> {
  if (accountID === undefined) return [];
  if (!device) throw accountUnknownHere(accountID);
  const ids = await unlessDeviceFails(device.credentialIDs(rpID, accountID), logger);
  // Prompt even if the records are unreadable: the account is compared afterwards.
  if (ids?.length === 0 && !(await device.knows(accountID))) throw accountUnknownHere(accountID);
  return ids ?? [];
}
