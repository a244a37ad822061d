import { hkdfSalt } from './version-1.ts';
import { utf8 } from './bytes.ts';

/** Imports a secret as a key that can be used only for HKDF and cannot be exported. */
export function importBaseKey(subtle: SubtleCrypto, secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits', 'deriveKey']);
}

export async function deriveBytes(
  subtle: SubtleCrypto,
  baseKey: CryptoKey,
  info: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await subtle.deriveBits(hkdf(info), baseKey, length * 8));
}

export function deriveCipherKey(subtle: SubtleCrypto, baseKey: CryptoKey, info: string): Promise<CryptoKey> {
  return subtle.deriveKey(hkdf(info), baseKey, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
}

function hkdf(info: string): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt: hkdfSalt, info: utf8(info) };
}
