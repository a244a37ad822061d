import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/**
 * What the next attempt does about a passkey that exists: continues with it, if need be only in this page; creates another
 * one, unless the provider still has it; or starts over, because the provider was asked to drop it.
 */
export type NextAttempt = 'continues' | 'continues-in-page' | 'replaces' | 'starts-over';

/** A passkey that was created but cannot be used. */
export interface LeftOverPasskey {
  readonly credentialID: string;
  readonly label: string;
}

export function whereToDelete({ label }: LeftOverPasskey): string {
  return `The passkey “${label}” may be left over: delete it in the password manager or system that keeps your passkeys.`;
}

/** Maps what a ceremony threw to a KernelError by the name of its DOMException, and keeps it as the cause. */
export function ceremonyError(
  cause: unknown,
  request: { readonly rpID: string; readonly autofill?: boolean },
): KernelError {
  switch (cause instanceof Error || cause instanceof DOMException ? cause.name : '') {
    case 'AbortError':
      return promptEnded(cause);
    case 'InvalidStateError':
      return createKernelError(
        'PASSKEY_ALREADY_HERE',
        'This device already has a passkey for this app. Sign in with it. Only if you want a second account, create another one.',
        { cause },
      );
    case 'SecurityError':
      return createKernelError(
        'PASSKEY_INVALID_RP_ID',
        `The page’s host is not allowed to use passkeys for “${request.rpID}”. \`rpID\` must be the page’s host name or a parent domain, never an IP address: while developing, open http://localhost.`,
        { cause, details: { rpID: request.rpID } },
      );
    case 'NotSupportedError':
    case 'ConstraintError':
      return createKernelError(
        'PASSKEY_UNSUPPORTED',
        'No passkey provider on this device can verify you. Turn on a screen lock, or use a phone or a security key with a PIN.',
        { cause },
      );
    default:
      // The user saw no prompt, so none was refused: the browser ended the request for another reason.
      if (request.autofill) return promptEnded(cause);
      // NotAllowedError covers a refusal, a time-out, a missing passkey and more; the browser does not say which.
      return createKernelError(
        'PASSKEY_REFUSED',
        'The browser or the device did not complete the passkey prompt. Try again; if no passkey was offered, the account’s passkey is on another device.',
        { cause },
      );
  }
}

function promptEnded(cause: unknown): KernelError {
  return createKernelError(
    'ABORTED',
    'The app, another prompt or the browser ended this request. Start again.',
    { cause },
  );
}

const needsPRF =
  'A passkey opens an account only if the browser and the passkey provider both support the PRF extension. Use a current browser and a passkey stored by the system, on a phone or on a security key.';

export function prfUnavailable(
  leftOver?: LeftOverPasskey,
  cause?: unknown,
  message: string = needsPRF,
): KernelError {
  return createKernelError(
    'PASSKEY_PRF_UNAVAILABLE',
    leftOver ? `${message} ${whereToDelete(leftOver)}` : message,
    {
      ...(leftOver && { details: { ...leftOver } }),
      ...(cause !== undefined && { cause }),
    },
  );
}

/** The passkey exists, but the account does not. */
export function passkeyOrphaned(leftOver: LeftOverPasskey, cause: unknown, next: NextAttempt): KernelError {
  const { label } = leftOver;
  const createdFor = 'A passkey was created, but the account was not, and nothing was saved on this device.';
  const message = {
    continues: `${createdFor} Sign up again to continue with the passkey “${label}”.`,
    'continues-in-page': `${createdFor} Sign up again, before this page is reloaded, to continue with the passkey “${label}”.`,
    replaces: `The passkey “${label}”, which an earlier sign-up created, was not used, so there is no account yet. Sign up again: that creates another passkey, unless this one still exists.`,
    'starts-over': `${createdFor} Sign up again. ${whereToDelete(leftOver)}`,
  }[next];
  return createKernelError('PASSKEY_ORPHANED', message, { cause, details: { ...leftOver } });
}

/** An unfinished sign-up on this device created the passkey; the next one continues with it. */
export function signUpUnfinished(leftOver: LeftOverPasskey): KernelError {
  return createKernelError(
    'PASSKEY_ORPHANED',
    `The sign-up that created the passkey “${leftOver.label}” did not finish, so the passkey opens no account yet. Sign up again to continue with this passkey.`,
    { details: { ...leftOver } },
  );
}

export function notVerified(): KernelError {
  return createKernelError(
    'PASSKEY_REFUSED',
    'The passkey provider did not verify you by screen lock, fingerprint, face or PIN. Turn one of them on, and try again.',
  );
}

/** Throws ABORTED. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

export function aborted(signal: AbortSignal): KernelError {
  return createKernelError('ABORTED', 'The app aborted this operation. Start again.', {
    cause: signal.reason,
  });
}
