import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { prfUnavailable } from './ceremony-errors.ts';
import { engineFact } from './engine-facts.ts';
import { insecureContext } from '../account/secure-platform.ts';

/** What to offer a user before prompting for a passkey. */
export interface PasskeySupport {
  readonly webauthn: boolean;
  /** `unknown`: the browser does not report it, or the passkey provider decides. Only the ceremony can tell. */
  readonly prf: 'yes' | 'no' | 'unknown';
  /** Passkeys can appear among an input's suggestions. */
  readonly autofill: boolean;
  readonly offer: 'passkey' | 'recovery-phrase';
  /** Why passkeys are not available, in a sentence for the user or the developer. */
  readonly reason?: string;
}

/** A prompt would ask for a security key, which few people have: those who do can still choose it. */
const onlySecurityKey =
  'Neither this device nor a phone can hold a passkey for this browser, only a security key with a PIN can. Without one, use the recovery phrase.';

export async function passkeySupport({ passkeys, page }: Platform): Promise<PasskeySupport> {
  const { webauthn, autofill, prf: reported, authenticator } = await passkeys.support();
  const fact = engineFact(page.userAgent);
  // The browser's own report takes precedence over known facts about its engine.
  const prf = reported === 'unknown' && fact?.prf === 'no' ? 'no' : reported;
  const reason = whyNot();
  return {
    ...{ webauthn, prf, autofill },
    offer: reason === undefined ? 'passkey' : 'recovery-phrase',
    ...(reason !== undefined && { reason }),
  };

  function whyNot(): string | undefined {
    if (!page.isSecureContext) return insecureContext;
    if (!webauthn)
      return (
        fact?.reason ?? 'This browser does not support passkeys. Use a current version of a common browser.'
      );
    if (page.url && isAddress(page.url.hostname)) {
      return 'Passkeys belong to a host name, and this page was opened at an IP address. Open it under its host name, or at http://localhost while developing.';
    }
    if (prf === 'no') return fact?.reason ?? prfUnavailable().message;
    if (fact?.prf === 'doubtful') return fact.reason;
    return authenticator === 'no' ? onlySecurityKey : undefined;
  }
}

/** Throws if no passkey could open an account here, so that no useless passkey is created. */
export async function requirePasskeys(platform: Platform): Promise<void> {
  const { webauthn, prf, reason } = await passkeySupport(platform);
  if (!platform.page.isSecureContext || !webauthn) {
    throw createKernelError('PASSKEY_UNSUPPORTED', reason ?? insecureContext);
  }
  if (prf === 'no') throw prfUnavailable(undefined, undefined, reason);
}

/** Throws if the browser reports that it cannot use a passkey. Facts about its engine alone do not block a sign-in. */
export async function requireSignIn(platform: Platform): Promise<void> {
  const { webauthn, prf } = await platform.passkeys.support();
  if (platform.page.isSecureContext && webauthn && prf !== 'no') return;
  await requirePasskeys(platform);
}

/** Throws if passkeys cannot appear among an input's suggestions. */
export async function requireAutofill({ passkeys }: Platform): Promise<void> {
  const { autofill } = await passkeys.support();
  if (autofill) return;
  throw createKernelError(
    'PASSKEY_UNSUPPORTED',
    'This browser does not offer passkeys as suggestions in an input. Start the sign-in from a button, without `autofill`.',
  );
}

function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
}
