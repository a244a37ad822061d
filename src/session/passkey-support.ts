import { createKernelError } from '../platform/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { prfUnavailable } from './ceremony-errors.ts';
import { insecureContext } from './secure-platform.ts';

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
  const support = await passkeys.support();
  const reason = whyNot(support);
  return {
    ...support,
    offer: reason === undefined ? 'passkey' : 'recovery-phrase',
    ...(reason !== undefined && { reason }),
  };

  function whyNot({ webauthn, prf }: typeof support): string | undefined {
    if (!page.isSecureContext) return insecureContext;
    if (!webauthn) return 'This browser has no passkeys. Use a current version of a common browser.';
    if (page.url && isAddress(page.url.hostname)) {
      return 'Passkeys belong to a host name, and this page was opened by an IP address. Open it by its name, or at http://localhost while developing.';
    }
    return prf === 'no' ? prfUnavailable().message : undefined;
  }
}

/** Throws where no passkey could open an account here, so that none is made in vain. */
export async function requirePasskeys(platform: Platform): Promise<void> {
  const { webauthn, prf, reason } = await passkeySupport(platform);
  if (!platform.page.isSecureContext || !webauthn) {
    throw createKernelError('PASSKEY_UNSUPPORTED', reason ?? insecureContext);
  }
  if (prf === 'no') throw prfUnavailable();
}

function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
}
