import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';

export interface SecurePlatform extends Platform {
  readonly subtle: SubtleCrypto;
}

export function isSecure(platform: Platform): platform is SecurePlatform {
  return platform.subtle !== undefined;
}

/** Throws PASSKEY_UNSUPPORTED in a page that is not a secure context. */
export function requireSecure(platform: Platform): SecurePlatform {
  if (isSecure(platform)) return platform;
  throw createKernelError('PASSKEY_UNSUPPORTED', insecureContext);
}

export const insecureContext =
  'Browsers offer passkeys and encryption only in secure contexts. Open the app over HTTPS, or at http://localhost while developing.';
