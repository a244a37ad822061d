import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { passkeySupport, type PasskeySupport } from './passkeys/passkey-support.ts';
import { loadSession, prepareSession } from './load-session.ts';
import type { Session, SessionOptions, SignInOptions, SignUpOptions } from './session.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up/sign-up.ts';

/**
 * Makes a passkey and with it an account, and opens it. One prompt; two where the passkey's keeper evaluates PRF on use
 * only. Works offline: the account is uploaded when a relay is reached.
 *
 * Rejects before anything is made with PASSKEY_UNSUPPORTED, PASSKEY_REFUSED, PASSKEY_INVALID_RP_ID, PASSKEY_ALREADY_HERE
 * (sign in instead), STORAGE_FULL, VAULT_TOO_NEW, TIMEOUT (another tab is signing up), KERNEL_NOT_LOADED or ABORTED; and with
 * PASSKEY_PRF_UNAVAILABLE or PASSKEY_ORPHANED where `details` name a passkey that may be left over. Then nothing of the
 * account is on this device.
 *
 * After a tab that ended between its passkey and its account, this goes on with that passkey, by one prompt; a tab that
 * ended later left an account, which `resumeSession` opens and completes.
 */
export function signUpWithPasskey(options: SignUpOptions = {}): Promise<Session> {
  return signUp(createBrowserPlatform(), options);
}

/**
 * Opens the account of a passkey that the person chooses; never makes one. One prompt. Offline it opens what this device
 * has a copy of. With `autofill` there is no prompt, and the promise is pending until the person picks a passkey from a
 * field's suggestions; it ends with ABORTED, at the latest when another ceremony begins. PASSKEY_UNSUPPORTED says that
 * the browser cannot do that.
 *
 * Rejects with ACCOUNT_NOT_FOUND where the relay has no account for the passkey, and with RELAY_UNREACHABLE, RELAY_SILENT,
 * RELAY_NOT_A_RELAY, SYNC_URL_INVALID or SYNC_OFF where none could be asked; with PASSKEY_REMOVED, ACCOUNT_INVALID, a code
 * of the ceremony as in `signUpWithPasskey`, KERNEL_NOT_LOADED or ABORTED.
 */
export function signInWithPasskey(options: SignInOptions = {}): Promise<Session> {
  return signIn(createBrowserPlatform(), options);
}

/**
 * Opens the account that this device used last, with no prompt and without a network. Undefined where the device
 * remembers nobody. Rejects with VAULT_DAMAGED or VAULT_TOO_NEW, and leaves what it cannot read as it is; with
 * STORAGE_UNAVAILABLE where the browser's database fails; with KERNEL_NOT_LOADED or ABORTED.
 */
export async function resumeSession(options: SessionOptions = {}): Promise<Session | undefined> {
  const { resume } = await loadSession(options);
  return resume(createBrowserPlatform(), options);
}

/**
 * Whether to offer a passkey here, and if not, why. Answers, never throws. Where it is one, what opens an account begins to
 * be fetched, so that nothing has to be when the person clicks.
 */
export async function getPasskeySupport(): Promise<PasskeySupport> {
  const support = await passkeySupport(createBrowserPlatform());
  if (support.offer === 'passkey') void prepareSession({});
  return support;
}
