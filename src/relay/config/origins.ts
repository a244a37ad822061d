import { createKernelError } from '../../base/kernel-error.ts';

/** Throws RELAY_SETTING_INVALID for an invalid entry. */
export function checkOrigins(origins: readonly string[] = []): void {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `${JSON.stringify(origin)} is not a valid origin. Use a scheme, a host and optionally a port, such as https://app.example.org, without a path.`,
    );
  }
}
