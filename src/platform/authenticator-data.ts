import { base64URLStringToBuffer } from '@simplewebauthn/browser';
import type { PasskeyBackup } from './passkey-api.ts';

/** What the kernel reads of WebAuthn's "authenticator data". */
export interface AuthenticatorData {
  readonly userVerified: boolean;
  readonly backup: PasskeyBackup;
  /** Only at creation, and only if the browser does not withhold it. */
  readonly aaguid: string | undefined;
}

/** 32 bytes of hash, a byte of flags, 4 of a counter; at creation, the AAGUID's 16 follow. */
export function readAuthenticatorData(base64url: string): AuthenticatorData {
  const bytes = new Uint8Array(base64URLStringToBuffer(base64url));
  const flags = bytes[32] ?? 0;
  const isEligible = (flags & 0b1000) !== 0;
  const hasCredential = (flags & 0b100_0000) !== 0;
  return {
    userVerified: (flags & 0b100) !== 0,
    // The specification allows no backed-up passkey that is not eligible.
    backup: { isEligible, isBackedUp: isEligible && (flags & 0b1_0000) !== 0 },
    aaguid: hasCredential ? uuidOf(bytes.subarray(37, 53)) : undefined,
  };
}

/** Undefined for zeros, which a browser puts in place of an AAGUID that it withholds. */
function uuidOf(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 16 || bytes.every((byte) => byte === 0)) return undefined;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
