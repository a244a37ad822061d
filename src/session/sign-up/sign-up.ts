import { silentLogger } from '../../base/logger.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { requireSecure, type SecurePlatform } from '../account/secure-platform.ts';
import { credentialsOn, deviceToKeepOn, unlessDeviceFails } from '../device/prepare-device.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { passkeyNames, relyingPartyID } from '../passkeys/passkey-names.ts';
import { requirePasskeys } from '../passkeys/passkey-support.ts';
import { leftForNext, signUpPasskey } from '../passkeys/sign-up-passkey.ts';
import { loadSession, preparedInTime, prepareSession } from '../load-session.ts';
import type { Session, SignUpOptions } from '../session.ts';
import { oneSignUpAtATime } from './sign-up-lock.ts';

/**
 * See `signUpWithPasskey`. What can fail without the passkey fails before it is made; no relay is needed. What is kept
 * is kept by one transaction: before it there is no account, and after it any start completes what is missing.
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
  const device = await deviceToKeepOn(platform, remember, logger);
  await preparedInTime(preparing, platform.clock);
  const unfinished = device?.unfinished;
  const ceremony = { platform, rpID, signal, unfinished, logger, ...passkeyNames(platform, options) };

  const passkey = await signUpPasskey({ ...ceremony, excludeCredentialIDs });
  const { credentialID, label } = passkey;
  // A passkey is at stake: what could not be fetched before is asked for once more.
  const code = await loadSession(options)
    .catch(() => loadSession(options))
    .catch(async (error: unknown) => {
      // A page that is left has its requests ended, too.
      throw await leftForNext(ceremony, { credentialID, label }, error);
    });
  return code.completeSignUp({ ceremony, passkey, options, keeps: device !== undefined });
}

function madeMeanwhile(): KernelError {
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'Another tab of this app signed up just now. Sign in to that account, or sign up again for one more.',
  );
}
