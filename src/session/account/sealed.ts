import type { SecurePlatform } from './secure-platform.ts';
import { isRecord } from '../../base/record.ts';
import { bytesFromBase64url, bytesToBase64url, utf8 } from './bytes.ts';

/** A JSON object encrypted with AES-GCM. Opening it requires the key and the place that it was sealed for. */
export type Sealed = { readonly v: 1; readonly iv: string; readonly data: string };

const ivLength = 12;

export async function seal(
  { subtle, random }: SecurePlatform,
  key: CryptoKey,
  place: string,
  value: object,
): Promise<Sealed> {
  const iv = random(ivLength);
  const data = await subtle.encrypt(cipher(iv, place), key, utf8(JSON.stringify(value)));
  return { v: 1, iv: bytesToBase64url(iv), data: bytesToBase64url(new Uint8Array(data)) };
}

/** Rejects if the key, the place or a single bit differs. The caller still validates the content. */
export async function unseal(
  { subtle }: SecurePlatform,
  key: CryptoKey,
  place: string,
  sealed: Sealed,
): Promise<unknown> {
  const iv = bytesFromBase64url(sealed.iv);
  const data = bytesFromBase64url(sealed.data);
  if (iv?.length !== ivLength || data === undefined) throw new Error('The sealed value is not well-formed.');
  return parseSecret(new TextDecoder().decode(await subtle.decrypt(cipher(iv, place), key, data)));
}

/** The parser's own error quotes its input. */
function parseSecret(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error('The sealed value is not JSON.');
  }
}

export function isSealed(value: unknown): value is Sealed {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['iv'] === 'string' &&
    typeof value['data'] === 'string'
  );
}

function cipher(iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: utf8(place) };
}
