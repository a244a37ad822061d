import { type KernelErrorCode } from '@MaiaOS/kernel';
import { type Entry } from '../session/entry.ts';
import { type IconName } from '../ui/icons.ts';

/** What went wrong, what it means, and at most two things to do. */
export interface FailureWords {
  readonly icon: IconName;
  readonly tone: 'warn' | 'failed';
  readonly title: string;
  readonly text: string;
  readonly actions: readonly FailureAction[];
}

export interface FailureAction {
  readonly label: string;
  /** `phrase`: to where words are typed; `words`: to where an account is made with them. */
  readonly does: 'again' | 'sign-up' | 'sign-in' | 'another-account' | 'reload' | 'phrase' | 'words';
}

/** As a kernel error has them; `label` is the name of a passkey that was left over, `rpID` whom passkeys belong to. */
export interface Failure {
  readonly code: KernelErrorCode | 'UNEXPECTED';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const tryAgain: readonly FailureAction[] = [{ label: 'Try again', does: 'again' }];
const signIn: FailureAction = { label: 'Sign in', does: 'sign-in' };
const usePhrase: FailureAction = { label: 'Use my recovery phrase', does: 'phrase' };
const useWords: FailureAction = { label: 'Use 24 words instead', does: 'words' };
const reload: readonly FailureAction[] = [{ label: 'Reload', does: 'reload' }];

/** For a failed sign-up, sign-in or return. What the person ended themselves is none, and has no words. */
export function failureWords(failure: Failure, asked?: Entry['kind']): FailureWords | undefined {
  const { code, message, details } = failure;
  const isOpening = asked === 'sign-in' || asked === 'known';
  const withoutPasskey = isOpening ? usePhrase : useWords;
  switch (code) {
    case 'ABORTED':
      return undefined;
    case 'PASSKEY_UNSUPPORTED':
      return warn('key', 'This browser cannot keep a passkey for Lists', message, [
        ...tryAgain,
        withoutPasskey,
      ]);
    case 'PASSKEY_PRF_UNAVAILABLE':
      return warn(
        'key',
        'This passkey cannot make an encryption key',
        `It can prove who you are, but Lists also needs a key to encrypt your words. Choose another place for the passkey, such as your phone or this device’s own.${leftOver(details)}`,
        [{ label: 'Choose another passkey', does: 'again' }, withoutPasskey],
      );
    case 'PASSKEY_REFUSED':
      return warn(
        'info',
        'The passkey prompt ended without an answer',
        'Your browser does not say why: it may have been closed, timed out, or found no passkey for Lists. Nothing was created or changed.',
        isOpening ? [...tryAgain, usePhrase] : tryAgain,
      );
    case 'PASSKEY_INVALID_RP_ID':
      return warn(
        'key',
        'Passkeys do not work at this address',
        `Your browser does not let this page use passkeys of ${named(details['rpID'], 'its owner')}. Open Lists at its own address; on your own machine that is localhost, and not a number.`,
        tryAgain,
      );
    case 'PASSKEY_ALREADY_HERE':
      return warn(
        'info',
        'This device already has an account',
        'Sign in with its passkey or its recovery phrase, or make a second, separate account.',
        [signIn, { label: 'Make another account', does: 'another-account' }],
      );
    case 'PASSKEY_ORPHANED':
      return failed(
        'A passkey was saved, but no account was made',
        `Nothing is half done here. Remove the passkey ${named(details['label'], 'for Lists')} in your password manager, then start again.`,
        [{ label: 'Start again', does: 'sign-up' }],
      );
    case 'PASSKEY_REMOVED':
      return warn(
        'key',
        'This passkey was removed from its account',
        'Sign in with another passkey of it, or with its recovery phrase.',
        [signIn, usePhrase],
      );
    case 'ACCOUNT_INVALID':
      if (asked !== 'known')
        return failed('This account cannot be opened', message, [...tryAgain, usePhrase]);
      return warn(
        'key',
        'This passkey belongs to another account',
        'Nothing was opened. Choose a passkey of the account that you want.',
        [...tryAgain, usePhrase],
      );
    case 'ACCOUNT_NOT_FOUND':
      if (asked === 'phrase') {
        return warn(
          'words',
          'This relay has no account for these words',
          'Compare them, and their order, with what you wrote down. Where they are right, open Lists once, online, on a device that has your account, then try again here. Nothing was created.',
          tryAgain,
        );
      }
      return warn(
        'key',
        'This relay has no account for this passkey',
        'If you made your account on another device, open Lists there once while it is online, then try again here. Nothing was created.',
        [...tryAgain, usePhrase],
      );
    case 'RELAY_UNREACHABLE':
      return warn(
        'offline',
        'The relay cannot be reached',
        'This device has not seen your account yet, so it must come from the relay once. After that Lists works offline.',
        [{ label: 'Try now', does: 'again' }],
      );
    case 'RELAY_SILENT':
      return warn(
        'offline',
        'The relay does not answer',
        'It took the connection and said nothing. This device has not seen your account yet, so it must come from the relay once.',
        [{ label: 'Try now', does: 'again' }],
      );
    case 'RELAY_NOT_A_RELAY':
      return warn('offline', 'What answers at the relay’s address is not a relay', message, tryAgain);
    case 'RELAY_REFUSED':
    case 'RELAY_UNAUTHORIZED':
    case 'RELAY_LIMIT':
      return warn('offline', 'The relay refuses this device', message, tryAgain);
    case 'APP_OUTDATED':
      return warn('offline', 'A newer Lists is needed', 'The relay no longer takes this version.', reload);
    case 'SYNC_URL_INVALID':
      return failed('The relay’s address cannot be used', `${message} Nothing was created.`, tryAgain);
    case 'STORAGE_UNAVAILABLE':
      return warn(
        'drive',
        'This browser keeps nothing for this page',
        'Private windows do that, and some settings. Open Lists in an ordinary window, so that your lists are still here after a reload.',
        tryAgain,
      );
    case 'STORAGE_FULL':
      return warn(
        'drive',
        'This device has no room left',
        'Lists could not keep your account here. Free some space, then try again.',
        tryAgain,
      );
    case 'STORAGE_BLOCKED':
      return warn(
        'drive',
        'Another tab holds this device’s storage',
        'Close the other tabs of Lists.',
        tryAgain,
      );
    case 'STORAGE_TOO_NEW':
    case 'VAULT_TOO_NEW':
      return warn(
        'drive',
        'A newer Lists was here',
        'It left its data in a form that this one cannot read.',
        reload,
      );
    case 'VAULT_DAMAGED':
      return warn(
        'drive',
        'What this device kept of your account cannot be read',
        'It was left as it is. Sign in with your passkey or your recovery phrase to go on.',
        [signIn, usePhrase],
      );
    default:
      return failed('That did not work', `${message} (${code})`, tryAgain);
  }
}

function warn(icon: IconName, title: string, text: string, actions: readonly FailureAction[]): FailureWords {
  return { icon, tone: 'warn', title, text, actions };
}

function failed(title: string, text: string, actions: readonly FailureAction[]): FailureWords {
  return { icon: 'warn', tone: 'failed', title, text, actions };
}

function leftOver(details: Failure['details']): string {
  return typeof details['label'] === 'string'
    ? ` The passkey “${details['label']}” was saved and opens nothing: remove it in your password manager.`
    : '';
}

function named(name: unknown, otherwise: string): string {
  return typeof name === 'string' ? `“${name}”` : otherwise;
}
