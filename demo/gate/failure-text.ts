import { type KernelErrorCode } from '@MaiaOS/kernel';
import { type Entry } from '../session/entry.ts';
import { type IconName } from '../ui/icons.ts';

/** What went wrong, what it means, and at most two actions. */
export interface FailureText {
  readonly icon: IconName;
  readonly tone: 'warn' | 'failed';
  readonly title: string;
  readonly text: string;
  readonly actions: readonly FailureAction[];
}

export interface FailureAction {
  readonly label: string;
  /** `phrase` opens the form for an existing phrase; `words` opens the form for an account with a new one. */
  readonly does: 'again' | 'sign-up' | 'sign-in' | 'another-account' | 'reload' | 'phrase' | 'words';
}

/** The fields of a kernel error. Details may hold `label`, the name of a leftover passkey, and `rpID`, the relying party. */
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

/** Explains a failed sign-up, sign-in or resume. Undefined if the user cancelled it. */
export function failureText(failure: Failure, asked?: Entry['kind']): FailureText | undefined {
  const { code, message, details } = failure;
  const isOpening = asked === 'sign-in' || asked === 'known';
  const withoutPasskey = isOpening ? usePhrase : useWords;
  switch (code) {
    case 'ABORTED':
      return undefined;
    case 'PASSKEY_UNSUPPORTED':
      return warn('key', 'This browser cannot use a passkey for Lists', message, [
        ...tryAgain,
        withoutPasskey,
      ]);
    case 'PASSKEY_PRF_UNAVAILABLE':
      return warn(
        'key',
        'This passkey cannot provide an encryption key',
        `It can identify you, but Lists also needs a key to encrypt your lists. Use a passkey that is kept somewhere else, such as on your phone or in this device’s built-in passkey manager.${leftOver(details)}`,
        [{ label: 'Choose another passkey', does: 'again' }, withoutPasskey],
      );
    case 'PASSKEY_REFUSED':
      return warn(
        'info',
        'The passkey prompt closed without a result',
        'Your browser does not report why: the prompt may have timed out, been dismissed, or found no passkey for Lists. Nothing was created or changed.',
        isOpening ? [...tryAgain, usePhrase] : tryAgain,
      );
    case 'PASSKEY_INVALID_RP_ID':
      return warn(
        'key',
        'Passkeys do not work at this address',
        `Your browser does not let this page use passkeys for ${named(details['rpID'], 'the relying party')}. Open Lists at its own address; during development that is localhost, not an IP address.`,
        tryAgain,
      );
    case 'PASSKEY_ALREADY_HERE':
      return warn(
        'info',
        'This device already has an account',
        'Sign in with its passkey or recovery phrase, or create a second, separate account.',
        [signIn, { label: 'Create another account', does: 'another-account' }],
      );
    case 'PASSKEY_ORPHANED':
      return failed(
        'A passkey was saved, but no account was created',
        `Start again. If your browser offers the passkey ${named(details['label'], 'for Lists')}, use it. If a new passkey is created instead, remove the old one in your password manager.`,
        [{ label: 'Start again', does: 'sign-up' }],
      );
    case 'PASSKEY_REMOVED':
      return warn(
        'key',
        'This passkey was removed from its account',
        'Sign in with another of the account’s passkeys or its recovery phrase.',
        [signIn, usePhrase],
      );
    case 'ACCOUNT_INVALID':
      if (asked !== 'known')
        return failed('This account cannot be opened', message, [...tryAgain, usePhrase]);
      return warn(
        'key',
        'This passkey belongs to another account',
        'Nothing was opened. Choose a passkey for the account that you want.',
        [...tryAgain, usePhrase],
      );
    case 'ACCOUNT_NOT_FOUND':
      if (asked === 'phrase') {
        return warn(
          'words',
          'This relay has no account for these words',
          'Compare the words and their order with what you wrote down. If they are right, open Lists while online on a device that has your account, then try again here. Nothing was created.',
          tryAgain,
        );
      }
      return warn(
        'key',
        'This relay has no account for this passkey',
        'If you created your account on another device, open Lists there while online, then try again here. Nothing was created.',
        [...tryAgain, usePhrase],
      );
    case 'RELAY_UNREACHABLE':
      return warn(
        'offline',
        'The relay cannot be reached',
        'This device needs the relay once to fetch your account. After that, Lists works offline.',
        [{ label: 'Try now', does: 'again' }],
      );
    case 'RELAY_SILENT':
      return warn(
        'offline',
        'The relay is not responding',
        'It accepted the connection but sent nothing. This device needs the relay once to fetch your account.',
        [{ label: 'Try now', does: 'again' }],
      );
    case 'RELAY_NOT_A_RELAY':
      return warn('offline', 'The server at the relay’s address is not a Maia relay', message, tryAgain);
    case 'RELAY_UNAUTHORIZED':
      return warn('offline', 'This device is not signed in at the relay', message, tryAgain);
    case 'RELAY_REFUSED':
    case 'RELAY_LIMIT':
      return warn('offline', 'The relay refused this device', message, tryAgain);
    case 'APP_OUTDATED':
      return warn(
        'offline',
        'Update Lists to continue',
        'The relay no longer supports this version.',
        reload,
      );
    case 'SYNC_URL_INVALID':
      return failed('The relay’s address cannot be used', `${message} Nothing was created.`, tryAgain);
    case 'STORAGE_UNAVAILABLE':
      return warn(
        'drive',
        'This browser does not store data for this page',
        'This happens in private windows and with some settings. Open Lists in a normal window so that your lists survive a reload.',
        tryAgain,
      );
    case 'STORAGE_FULL':
      return warn(
        'drive',
        'This device is out of storage',
        'Lists could not save your account here. Free some space, then try again.',
        tryAgain,
      );
    case 'STORAGE_BLOCKED':
      return warn(
        'drive',
        'Another tab is blocking this device’s storage',
        'Close the other Lists tabs.',
        tryAgain,
      );
    case 'STORAGE_TOO_NEW':
    case 'VAULT_TOO_NEW':
      return warn(
        'drive',
        'This data is from a newer version of Lists',
        'This version cannot read it.',
        reload,
      );
    case 'VAULT_DAMAGED':
      return warn(
        'drive',
        'Your account data on this device cannot be read',
        'Nothing was deleted. Sign in with your passkey or recovery phrase to continue.',
        [signIn, usePhrase],
      );
    default:
      return failed('That did not work', `${message} (${code})`, tryAgain);
  }
}

function warn(icon: IconName, title: string, text: string, actions: readonly FailureAction[]): FailureText {
  return { icon, tone: 'warn', title, text, actions };
}

function failed(title: string, text: string, actions: readonly FailureAction[]): FailureText {
  return { icon: 'warn', tone: 'failed', title, text, actions };
}

function leftOver(details: Failure['details']): string {
  return typeof details['label'] === 'string'
    ? ` The passkey “${details['label']}” was saved but does not open an account: remove it in your password manager.`
    : '';
}

function named(name: unknown, otherwise: string): string {
  return typeof name === 'string' ? `“${name}”` : otherwise;
}
