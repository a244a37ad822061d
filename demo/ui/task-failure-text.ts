import { type Failure } from '../gate/failure-text.ts';

/** Explains why an account action failed. Undefined if the user cancelled it. */
export function taskFailureText({ code, message }: Failure): string | undefined {
  switch (code) {
    case 'ABORTED':
      return undefined;
    case 'PASSKEY_REFUSED':
      return 'The passkey prompt closed without a result. Your browser does not report why: the prompt may have timed out, been dismissed, or found no passkey. Nothing changed.';
    case 'PASSKEY_LAST':
      return 'This is your only passkey, and you have not saved your recovery phrase. With neither, you could not open your account on another device. Add another passkey or write down your phrase first.';
    case 'PASSKEY_REMOVED':
      return 'This passkey has already been removed, perhaps on another device.';
    case 'UNEXPECTED':
      return `${message} (${code})`;
    default:
      return message;
  }
}
