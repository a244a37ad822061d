import { type Failure } from '../gate/failure-text.ts';
import { refusedEdit } from '../list/refused-edit.ts';

/** Explains why an account action failed. Undefined if the user cancelled it. */
export function taskFailureText(failure: Failure): string | undefined {
  const { code, message } = failure;
  switch (code) {
    case 'ABORTED':
      return undefined;
    case 'PASSKEY_REFUSED':
      return 'The passkey prompt closed without a result. Your browser does not report why: the prompt may have timed out, been dismissed, or found no passkey. Nothing changed.';
    case 'PASSKEY_LAST':
      return 'This is your only passkey, and you have not checked your recovery phrase. With neither, you could not open your account on another device. Add another passkey, or write down your phrase and check it first.';
    case 'PASSKEY_REMOVED':
      return 'This passkey has already been removed, perhaps on another device.';
    case 'WRITE_FORBIDDEN':
    case 'SHARE_FORBIDDEN':
    case 'VALUE_TOO_LARGE':
      return refusedEdit(failure);
    case 'UNEXPECTED':
      return `${message} (${code})`;
    default:
      return message;
  }
}
