import { silentLogger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { requireSecure, type SecurePlatform } from '../account/secure-platform.ts';
import { unfinishedHere } from '../device/unfinished-here.ts';
import { credentialsOn, prepareDevice, unlessDeviceFails } from '../device/prepare-device.ts';
import { passkeyOrphaned, signUpUnfinished, throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { passkeyNames, relyingPartyID } from '../passkeys/passkey-names.ts';
import { requirePasskeys } from '../passkeys/passkey-support.ts';
import { newPasskey, nextAttempt } from '../passkeys/new-passkey.ts';
import { loadSession, preparedInTime, prepareSession } from '../load-session.ts';
import type { Session } from '../session.ts';
import type { SignUpOptions } from '../session-options.ts';
import { requireNoAccount } from './require-no-account.ts';
import { oneSignUpAtATime } from './sign-up-lock.ts';

/**
 * See `signUpWithPasskey`. Everything that can fail without the passkey is tried before it is created; no relay is needed.
 * One transaction stores the account: before it there is no account, and after it any start completes what is missing.
 */
export async function signUp(anyPlatform: Platform, options: SignUpOptions): Promise<Session> {
  const { signal } = options;
  throwIfAborted(signal);
  const preparing = prepareSession(options);
  await requirePasskeys(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  return oneSignUpAtATime(platform, signal, async () => {
    await requireNoAccount(platform, options);
    return signUpAlone(platform, { ...options, rpID }, preparing);
  });
}

async function signUpAlone(
  platform: SecurePlatform,
  options: SignUpOptions & { readonly rpID: string },
  preparing: Promise<unknown>,
): Promise<Session> {
  const { rpID, signal, logger = silentLogger, remember = 'device', anotherAccount = false } = options;
  // Passkeys stay known after a sign-out. Their providers refuse a second one.
  const knownHere = anotherAccount ? undefined : credentialsOn(platform)?.credentialIDs(rpID);
  const excludeCredentialIDs = (await unlessDeviceFails(knownHere, logger)) ?? [];
  const device = await prepareDevice(platform, remember, logger);
  await preparedInTime(preparing, platform.clock);
  const unfinished = unfinishedHere(device?.unfinished, logger);
  const ceremony = { platform, rpID, signal, unfinished };
  // If this device knows a passkey since, let the browser refuse another one instead of completing the wrong sign-up.
  const left = (await unfinished.list()).find(
    ({ rpID: leftRpID, besides = [] }) =>
      leftRpID === rpID && excludeCredentialIDs.every((id) => besides.includes(id)),
  );
  const passkey = await newPasskey({
    ...ceremony,
    ...passkeyNames(platform, options),
    excludeCredentialIDs,
    left,
    errors: {
      unused: passkeyOrphaned,
      alreadyHere: (known, error) =>
        known && excludeCredentialIDs.length === 0 ? signUpUnfinished(known) : error,
    },
  });
  const { credentialID, label } = passkey;
  // A passkey exists now, so retry what could not be fetched before.
  const code = await loadSession(options)
    .catch(() => loadSession(options))
    .catch((error: unknown) => {
      // The request may have failed only because the user is leaving the page.
      throw passkeyOrphaned({ credentialID, label }, error, nextAttempt(unfinished, credentialID));
    });
  return code.completeSignUp({ ceremony, passkey, options, keeps: device !== undefined });
}
