import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { prfUnavailable } from './ceremony-errors.ts';
import { engineFact } from './engine-facts.ts';
import { insecureContext } from '../account/secure-platform.ts';

/** What to offer a person before asking for a passkey. */
export interface PasskeySupport {
  readonly webauthn: boolean;
  /** `unknown`: the browser does not say, or the passkey's keeper decides. The ceremony will tell. */
  readonly prf: 'yes' | 'no' | 'unknown';
  /** Passkeys can be offered in an input's list of suggestions. */
  readonly autofill: boolean;
  readonly offer: 'passkey' | 'recovery-phrase';
  /** Why not passkeys, in a sentence for the person or the developer. */
  readonly reason?: string;
}

export async function passkeySupport({ passkeys, page }: Platform): Promise<PasskeySupport> {
  const { webauthn, autofill, prf: said } = await passkeys.support();
  const fact = engineFact(page.userAgent);
  // What the browser says of itself counts for more than what is known of its kind.
  const prf = said === 'unknown' && fact?.prf === 'no' ? 'no' : said;
  const reason = whyNot();
  return {
    ...{ webauthn, prf, autofill },
    offer: reason === undefined ? 'passkey' : 'recovery-phrase',
    ...(reason !== undefined && { reason }),
  };

  function whyNot(): string | undefined {
    if (!page.isSecureContext) return insecureContext;
    if (!webauthn)
      return fact?.reason ?? 'This browser has no passkeys. Use a current version of a common browser.';
    if (page.url && isAddress(page.url.hostname)) {
      return 'Passkeys belong to a host name, and this page was opened by an IP address. Open it by its name, or at http://localhost while developing.';
    }
    if (prf === 'no') return fact?.reason ?? prfUnavailable().message;
    return fact?.prf === 'doubtful' ? fact.reason : undefined;
  }
}

/** Throws where no passkey could open an account here, so that none is made in vain. */
export async function requirePasskeys(platform: Platform): Promise<void> {
  const { webauthn, prf, reason } = await passkeySupport(platform);
  requireWebAuthn(platform, webauthn, reason);
  if (prf === 'no') throw prfUnavailable(undefined, undefined, reason);
}

/** Throws where the browser says that it cannot use a passkey. What is only known of its kind keeps nobody out. */
export async function requireSignIn(platform: Platform): Promise<void> {
  const { webauthn, prf } = await platform.passkeys.support();
  const { reason } = await passkeySupport(platform);
  requireWebAuthn(platform, webauthn, reason);
  if (prf === 'no') throw prfUnavailable(undefined, undefined, reason);
}

function requireWebAuthn({ page }: Platform, webauthn: boolean, reason: string | undefined): void {
  if (page.isSecureContext && webauthn) return;
  throw createKernelError('PASSKEY_UNSUPPORTED', reason ?? insecureContext);
}

/** Throws where passkeys cannot stand among a field's suggestions. */
export async function requireAutofill({ passkeys }: Platform): Promise<void> {
  const { autofill } = await passkeys.support();
  if (autofill) return;
  throw createKernelError(
    'PASSKEY_UNSUPPORTED',
    'This browser does not offer passkeys among the suggestions of a field. Sign in by a button, without `autofill`.',
  );
}

function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
}
