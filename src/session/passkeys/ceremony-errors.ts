import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** A passkey that was made and that nothing can use. */
export interface LeftOverPasskey {
  readonly credentialID: string;
  readonly label: string;
}

export function whereToDelete({ label }: LeftOverPasskey): string {
  return `The passkey “${label}” may be left over: delete it in the password manager or system that keeps your passkeys.`;
}

/** Names what a ceremony threw by the name of its DOMException; the cause is kept as it came. */
export function ceremonyError(cause: unknown, request: { readonly rpID: string }): KernelError {
  switch (cause instanceof Error || cause instanceof DOMException ? cause.name : '') {
    case 'AbortError':
      return createKernelError(
        'ABORTED',
        'The passkey prompt was ended, by the app or because another one replaced it. Start again.',
        { cause },
      );
    case 'InvalidStateError':
      return createKernelError(
        'PASSKEY_ALREADY_HERE',
        'This device has a passkey for this app already. Sign in with it; to make a second account all the same, pass `anotherAccount: true`.',
        { cause },
      );
    case 'SecurityError':
      return createKernelError(
        'PASSKEY_INVALID_RP_ID',
        `The page’s host may not use passkeys of “${request.rpID}”. \`rpID\` has to be the page’s host name or a domain above it, never an IP address: while developing, open http://localhost.`,
        { cause, details: { rpID: request.rpID } },
      );
    case 'NotSupportedError':
    case 'ConstraintError':
      return createKernelError(
        'PASSKEY_UNSUPPORTED',
        'Nothing here can keep a passkey that verifies you. Turn on a screen lock, or use a phone or a security key with a PIN.',
        { cause },
      );
    default:
      // NotAllowedError stands for a refusal, a time-out, a missing passkey and more; nobody can tell them apart.
      return createKernelError(
        'PASSKEY_REFUSED',
        'The browser or the device did not complete the passkey prompt. Try again; if no passkey was offered, the account’s passkey is on another device.',
        { cause },
      );
  }
}

const needsPRF =
  'A passkey opens an account only where the browser and the passkey’s keeper both support its PRF extension. Use a current browser, with a passkey kept by the system, a phone or a security key.';

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

/** The account does not exist; the passkey does. `isNoted`: the next sign-up on this device goes on with it. */
export function passkeyOrphaned(leftOver: LeftOverPasskey, cause: unknown, isNoted = false): KernelError {
  const message =
    'A passkey was made, but the account was not; nothing of it is on this device. Sign up again';
  const about = isNoted
    ? `, which goes on with the passkey “${leftOver.label}”.`
    : `. ${whereToDelete(leftOver)}`;
  return createKernelError('PASSKEY_ORPHANED', message + about, { cause, details: { ...leftOver } });
}

/** The passkey was made here by a sign-up that did not end; the next one goes on with it. */
export function signUpUnfinished(leftOver: LeftOverPasskey): KernelError {
  return createKernelError(
    'PASSKEY_ORPHANED',
    `The sign-up that made the passkey “${leftOver.label}” did not end, so it opens no account yet. Sign up again: that goes on with this passkey.`,
    { details: { ...leftOver } },
  );
}

export function notVerified(): KernelError {
  return createKernelError(
    'PASSKEY_REFUSED',
    'The passkey’s keeper did not verify you by screen lock, fingerprint, face or PIN. Turn one of them on, and try again.',
  );
}

/** Throws ABORTED. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

export function aborted(signal: AbortSignal): KernelError {
  return createKernelError('ABORTED', 'The app ended this by its signal. Start again.', {
    cause: signal.reason,
  });
}
