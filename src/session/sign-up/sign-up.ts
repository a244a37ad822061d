import { silentLogger } from '../../base/logger.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { requireSecure, type SecurePlatform } from '../account/secure-platform.ts';
import { credentialsOn, prepareDevice, unlessDeviceFails } from '../device/prepare-device.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { passkeyNames, relyingPartyID } from '../passkeys/passkey-names.ts';
import { requirePasskeys } from '../passkeys/passkey-support.ts';
import { leftForNext, signUpPasskey } from '../passkeys/sign-up-passkey.ts';
import { loadSession, preparedInTime, prepareSession } from '../load-session.ts';
import type { Session } from '../session.ts';
import type { SignUpOptions } from '../session-options.ts';
import { oneSignUpAtATime } from './sign-up-lock.ts';

/**
 * See `signUpWithPasskey`. Everything that can fail without the passkey is tried before it is created; no relay is needed.
 * One transaction stores the account: before it there is no account, and after it any start completes what is missing.
 */
export async function signUp(anyPlatform: Platform, options: SignUpOptions): Promise<Session> {
  const { signal, logger = silentLogger } = options;
  throwIfAborted(signal);
  const preparing = prepareSession(options);
  await requirePasskeys(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const knownHere = () => unlessDeviceFails(credentialsOn(platform)?.credentialIDs(rpID), logger);
  const before = (await knownHere()) ?? [];
  return oneSignUpAtATime(platform, signal, async () => {
    const known = (await knownHere()) ?? [];
    if (known.some((id) => !before.includes(id))) throw madeMeanwhile();
    return signUpAlone(platform, { ...options, rpID }, preparing, options.anotherAccount ? [] : known);
  });
}

async function signUpAlone(
  platform: SecurePlatform,
  options: SignUpOptions & { readonly rpID: string },
  preparing: Promise<unknown>,
  excludeCredentialIDs: readonly string[],
): Promise<Session> {
  const { rpID, signal, logger = silentLogger, remember = 'device' } = options;
  const device = await prepareDevice(platform, remember, logger);
  await preparedInTime(preparing, platform.clock);
  const unfinished = device?.unfinished;
  const ceremony = { platform, rpID, signal, unfinished, logger, ...passkeyNames(platform, options) };

  const passkey = await signUpPasskey({ ...ceremony, excludeCredentialIDs });
  const { credentialID, label } = passkey;
  // A passkey exists now, so retry what could not be fetched before.
  const code = await loadSession(options)
    .catch(() => loadSession(options))
    .catch(async (error: unknown) => {
      // The request may have failed only because the user is leaving the page.
      throw await leftForNext(ceremony, { credentialID, label }, error);
    });
  return code.completeSignUp({ ceremony, passkey, options, keeps: device !== undefined });
}

function madeMeanwhile(): KernelError {
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'Another tab of this app has just signed up. Sign in to that account, or sign up again to create another.',
  );
}
