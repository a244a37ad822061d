import { createKernelError } from '../platform/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import type { SessionOptions, SignUpOptions } from './session.ts';

/** Whom passkeys are made for and asked for: the page's full host name, unless told. */
export function relyingPartyID({ page }: Platform, { rpID }: SessionOptions): string {
  const id = rpID ?? page.url?.hostname;
  if (id) return id;
  throw createKernelError(
    'PASSKEY_INVALID_RP_ID',
    'Passkeys belong to a host name, and this page has none. Serve the app over https:, or at http://localhost while developing.',
  );
}

/** How the passkey manager names the app and the passkey. With date and time, two passkeys of one app can be told apart. */
export function passkeyNames(
  platform: Platform,
  options: SignUpOptions,
): { readonly rpName: string; readonly label: string } {
  const rpName = options.appName?.trim() || relyingPartyID(platform, options);
  return { rpName, label: options.name?.trim() || `${rpName} · ${dateAndTime(platform.clock.nowMs())}` };
}

function dateAndTime(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
