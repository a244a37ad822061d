import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { createLazyModule } from '../base/lazy-module.ts';
import { phraseModule } from './phrase/phrase-module.ts';
import type { PhraseCheck } from './phrase/phrase-words.ts';
import { loadSession } from './load-session.ts';
import type { Session } from './session.ts';
import type { SessionOptions, SignUpOptions } from './session-options.ts';

const phraseSessions = /* @__PURE__ */ createLazyModule(() => import('./phrase/phrase-entry.ts'));

/**
 * Creates an account without a passkey and opens it, for browsers without usable passkeys. Works offline. Apart from this
 * device, `phrase` is the account's only key, and later it is shown only to a user who types it: show it now, and have the
 * user type it before continuing. `session.passkeys.add` adds a passkey later. Before creating anything, rejects with
 * PASSKEY_ALREADY_HERE (this device has an account: sign in instead), STORAGE_FULL, PASSKEY_UNSUPPORTED outside a secure
 * context, VAULT_TOO_NEW, TIMEOUT (another tab is signing up), KERNEL_NOT_LOADED or ABORTED.
 */
export async function signUpWithRecoveryPhrase(
  options: SignUpOptions = {},
): Promise<{ readonly session: Session; readonly phrase: string }> {
  const { signUpWithPhrase } = await loadPhraseSessions(options);
  return signUpWithPhrase(createBrowserPlatform(), options);
}

/**
 * Opens the account of a phrase as the user typed it (in any case, over several lines, numbered); never creates one.
 * Offline, it opens what this device knows, with or without a passkey. Rejects with PHRASE_INVALID, whose `details` name the
 * mistake; with ACCOUNT_NOT_FOUND if the relay does not know the account, because wrong words can form a valid phrase; with
 * RELAY_UNREACHABLE, RELAY_SILENT, RELAY_NOT_A_RELAY, RELAY_UNAUTHORIZED, SYNC_URL_INVALID or SYNC_OFF if no relay could be
 * asked; with ACCOUNT_INVALID if `accountID` names another account; with PASSKEY_UNSUPPORTED, KERNEL_NOT_LOADED or ABORTED; and with
 * SESSION_CLOSED or TIMEOUT if another tab signs the account out meanwhile, or begins to and does not finish.
 */
export async function signInWithRecoveryPhrase(
  phrase: string,
  options: SessionOptions = {},
): Promise<Session> {
  const { signInWithPhrase } = await loadPhraseSessions(options);
  return signInWithPhrase(createBrowserPlatform(), phrase, options);
}

/**
 * Finds misspelt words while the user types a recovery phrase. An unfinished word may not be in the list either, so
 * ignore its position. Accepts the same forms as `signInWithRecoveryPhrase`. Rejects only with KERNEL_NOT_LOADED.
 */
export async function checkPhraseWords(typed: string): Promise<PhraseCheck> {
  const { checkWords } = await phraseModule.load();
  return checkWords(typed);
}

async function loadPhraseSessions(options: SessionOptions) {
  const [code] = await Promise.all([phraseSessions.load(), loadSession(options), phraseModule.load()]);
  return code;
}
