import { type Failure } from '../gate/failure-text.ts';

/** Why something was not done that was asked for on the account page. Undefined where the person ended it. */
export function taskFailureText({ code, message }: Failure): string | undefined {
  switch (code) {
    case 'ABORTED':
      return undefined;
    case 'PASSKEY_REFUSED':
      return 'The passkey prompt ended without an answer. Your browser does not say why: it may have been closed, timed out, or found no passkey. Nothing was changed.';
    case 'PASSKEY_LAST':
      return 'It is the last one, and your recovery phrase was never shown, so nothing could open your account elsewhere. Add another passkey first, or write the words down.';
    case 'PASSKEY_REMOVED':
      return 'It was removed already, perhaps on another device.';
    case 'UNEXPECTED':
      return `${message} (${code})`;
    default:
      return message;
  }
}
