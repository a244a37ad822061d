import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { phrasePart } from './phrase/phrase-part.ts';
import { loadSession } from './load-session.ts';
import type { Session, SessionOptions, SignUpOptions } from './session.ts';

/**
 * Makes an account without a passkey, and opens it: for browsers that have no passkeys, or none that can open one. Works
 * offline. `phrase` is the account's only key beside this device, and is shown again only to who types it: show it now,
 * and let it be typed before the person goes on. `session.passkeys.add` adds a passkey later.
 *
 * Rejects before anything is made with PASSKEY_ALREADY_HERE (this device has an account: sign in instead), STORAGE_FULL,
 * PASSKEY_UNSUPPORTED outside of a secure context, or ABORTED.
 */
export async function signUpWithRecoveryPhrase(
  options: SignUpOptions = {},
): Promise<{ readonly session: Session; readonly phrase: string }> {
  const [{ signUpWithPhrase }] = await Promise.all([loadSession(options), phrasePart.load()]);
  return signUpWithPhrase(createBrowserPlatform(), options);
}

/**
 * Opens the account of a phrase, as somebody typed it: in any case, over several lines, numbered; never makes one. Offline
 * it opens what this device knows, with a passkey or without.
 *
 * Rejects with PHRASE_INVALID, whose `details` say what is wrong; with ACCOUNT_NOT_FOUND where the relay does not know the
 * account, since wrong words can be a phrase too; with RELAY_UNREACHABLE, RELAY_SILENT, RELAY_NOT_A_RELAY,
 * SYNC_URL_INVALID or SYNC_OFF where none could be asked; with ACCOUNT_INVALID where `accountID` names another one, or
 * ABORTED.
 */
export async function signInWithRecoveryPhrase(
  phrase: string,
  options: SessionOptions = {},
): Promise<Session> {
  const [{ signInWithPhrase }] = await Promise.all([loadSession(options), phrasePart.load()]);
  return signInWithPhrase(createBrowserPlatform(), phrase, options);
}
