import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { utf8 } from '../account/bytes.ts';
import type { SessionOptions, SignUpOptions } from '../session-options.ts';

/** The relying party of passkeys: the page's full host name, unless given. */
export function relyingPartyID({ page }: Platform, { rpID }: SessionOptions): string {
  const id = rpID ?? page.url?.hostname;
  if (id) return id;
  throw createKernelError(
    'PASSKEY_INVALID_RP_ID',
    'Passkeys belong to a host name, and this page has none. Serve the app over HTTPS, or at http://localhost while developing.',
  );
}

/** WebAuthn lets a provider truncate longer names, anywhere. */
const nameBytes = 64;

/** Date and time distinguish two passkeys of one app; a long app name is cut to make room for them. */
export function passkeyNames(
  platform: Platform,
  options: SignUpOptions,
): { readonly rpName: string; readonly label: string } {
  const rpName = cut(options.appName, nameBytes) || cut(relyingPartyID(platform, options), nameBytes);
  const name = cut(options.name, nameBytes);
  if (name) return { rpName, label: name };
  const when = ` · ${dateAndTime(platform.clock.nowMs())}`;
  return { rpName, label: cut(rpName, nameBytes - utf8(when).length) + when };
}

/** Returns one line of at most `bytes` bytes, without splitting a character. */
function cut(text = '', bytes: number): string {
  const line = text.replaceAll(/\s+/gu, ' ').trim();
  let kept = '';
  let left = bytes;
  for (const character of line) {
    left -= utf8(character).length;
    if (left < 0) break;
    kept += character;
  }
  return kept.trim();
}

function dateAndTime(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
