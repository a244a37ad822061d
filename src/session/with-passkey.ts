import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { passkeySupport, type PasskeySupport } from './passkeys/passkey-support.ts';
import { loadSession, prepareSession } from './load-session.ts';
import type { Session } from './session.ts';
import type { ResumeOptions, SignInOptions, SignUpOptions } from './session-options.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up/sign-up.ts';

/**
 * Creates a passkey and with it an account, and opens the account. One prompt, or two if the passkey provider evaluates PRF
 * only on use. Works offline: the account is uploaded once a relay is reached. Before creating anything, rejects with
 * PASSKEY_UNSUPPORTED, PASSKEY_REFUSED, PASSKEY_INVALID_RP_ID, PASSKEY_ALREADY_HERE (sign in instead), STORAGE_FULL,
 * VAULT_TOO_NEW, TIMEOUT (another tab is signing up), KERNEL_NOT_LOADED or ABORTED. Rejects with PASSKEY_PRF_UNAVAILABLE or
 * PASSKEY_ORPHANED if a passkey may be left over, which `details` name; this device then stores nothing of the account. If a
 * tab closed after creating its passkey but before the account, the next call continues with that passkey in one prompt; an
 * account that exists is completed by `resumeSession`.
 */
export function signUpWithPasskey(options: SignUpOptions = {}): Promise<Session> {
  return signUp(createBrowserPlatform(), options);
}

/**
 * Opens the account of a passkey that the user chooses; never creates one. One prompt. Offline, it opens what this device
 * has a copy of. With `autofill` there is no prompt: the promise stays pending until the user picks a passkey from a field's
 * suggestions, and rejects with ABORTED if the browser stops suggesting them, or at the latest when another ceremony begins,
 * and with PASSKEY_UNSUPPORTED if the browser has no autofill. Rejects with ACCOUNT_NOT_FOUND if the relay has no account for the passkey; with
 * RELAY_UNREACHABLE, RELAY_SILENT, RELAY_NOT_A_RELAY, RELAY_UNAUTHORIZED, SYNC_URL_INVALID or SYNC_OFF if no relay could be
 * asked; with PASSKEY_REMOVED, ACCOUNT_INVALID, a code of the ceremony as in `signUpWithPasskey`, KERNEL_NOT_LOADED or
 * ABORTED; and with SESSION_CLOSED or TIMEOUT if another tab signs the account out meanwhile, or begins to and does not finish.
 */
export function signInWithPasskey(options: SignInOptions = {}): Promise<Session> {
  return signIn(createBrowserPlatform(), options);
}

/**
 * Opens the requested or most recently used account of this device, without a prompt and offline. If this page already has or
 * is opening a session of that account, resolves with it, whatever its options, unless `another` is set. Undefined if the
 * device remembers none. Rejects with ACCOUNT_NOT_FOUND if it does not know the requested account; with VAULT_DAMAGED or
 * VAULT_TOO_NEW (the vault stays); with STORAGE_UNAVAILABLE or STORAGE_BLOCKED if its database fails; with TIMEOUT if another
 * tab is signing the account out and does not finish; with KERNEL_NOT_LOADED or ABORTED.
 */
export async function resumeSession(options: ResumeOptions = {}): Promise<Session | undefined> {
  const { resumeOnce } = await loadSession(options);
  return resumeOnce(createBrowserPlatform(), options);
}

/**
 * Reports whether to offer passkeys here, and if not, why. If so, also starts to fetch what opens an account, so that a
 * click need not wait for it. Never rejects.
 */
export async function getPasskeySupport(): Promise<PasskeySupport> {
  const support = await passkeySupport(createBrowserPlatform());
  if (support.offer === 'passkey') void prepareSession({});
  return support;
}
